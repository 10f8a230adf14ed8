-- Tenants that leave: their export, when everything of them is destroyed, and the proof that it was.
CREATE TABLE departures (
  tenant_id text PRIMARY KEY REFERENCES tenants,
  archive_ref text NOT NULL,
  archive_rows bigint NOT NULL,
  archive_bytes bigint NOT NULL,
  archive_sha256 text NOT NULL,
  exported_at timestamptz NOT NULL,
  -- Null until the export is done.
  erase_after timestamptz,
  -- What the tenant had when its destruction began, and what was deleted of it in this database.
  inventory jsonb,
  forgotten_rows jsonb NOT NULL DEFAULT '{}',
  proof jsonb
);
CREATE INDEX ON departures (erase_after) WHERE proof IS NULL;
