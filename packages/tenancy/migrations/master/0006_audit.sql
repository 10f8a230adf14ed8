-- What was asked for and refused is written down as well, and what a change was about.
ALTER TABLE audit
  ADD COLUMN refused text,
  ADD COLUMN detail jsonb NOT NULL DEFAULT '{}';
