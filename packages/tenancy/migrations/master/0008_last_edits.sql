-- Of an offboarding: when the service of shared documents had saved everything that people had edited.
ALTER TABLE operations ADD COLUMN edits_saved_at timestamptz;
