-- Databases prepared ahead of their tenants. A row is written before anything is created, and goes when a tenant takes the
-- database over, or when nothing is left of it.
CREATE TABLE warm_databases (
  -- Begins with a digit, as no tenant's id does: what is named after it is no tenant's.
  id text PRIMARY KEY CHECK (id ~ '^0[0-9a-f]{8}$'),
  plan text NOT NULL CHECK (plan IN ('free', 'basic', 'premium', 'enterprise')),
  placement text NOT NULL CHECK (placement IN ('dedicated', 'shared')),
  instance_id text NOT NULL,
  -- What it is like: its schema, or its engine and size. One that is not like new ones would be is not given to anybody.
  variant text NOT NULL,
  status text NOT NULL DEFAULT 'requested' CHECK (status IN ('requested', 'starting', 'ready', 'draining')),
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ON warm_databases (placement, variant, created_at) WHERE status = 'ready';

-- The one a tenant has taken over, until it is active: what was named after the one is renamed after the other.
ALTER TABLE tenants ADD COLUMN warm_id text;
