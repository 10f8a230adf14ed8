-- A look into what there is of tenants, asked for by an operator: what faces the Internet records it, and the driver of
-- operations looks, which has the ways in. Nothing goes on after it, so it is not driven to its end: one that was cut off is
-- asked for again.
CREATE TABLE inspections (
  id uuid PRIMARY KEY,
  kind text NOT NULL CHECK (kind IN ('differences', 'repair', 'drift', 'quotas')),
  -- Of a page of tenants: those after this one.
  after_tenant text,
  actor text NOT NULL,
  source_ip inet,
  status text NOT NULL DEFAULT 'running' CHECK (status IN ('running', 'succeeded', 'failed')),
  result jsonb,
  error text,
  created_at timestamptz NOT NULL DEFAULT now(),
  finished_at timestamptz
);
CREATE INDEX ON inspections (created_at);
