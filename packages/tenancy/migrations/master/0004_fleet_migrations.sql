-- A migration of every tenant's schema: decided and written down first, tenant by tenant.
CREATE TABLE fleet_migrations (
  id uuid PRIMARY KEY,
  target_version text NOT NULL,
  -- `failed`: it came to its end, and some tenants did not. `halted`: it stopped, and some were not tried.
  status text NOT NULL DEFAULT 'running' CHECK (status IN ('running', 'succeeded', 'failed', 'halted')),
  concurrency integer NOT NULL CHECK (concurrency > 0),
  -- More failures than these halt it; of a canary, one.
  max_failures integer NOT NULL,
  reason text,
  actor text NOT NULL,
  -- One driver at a time, as of an operation.
  lease_owner text,
  lease_expires_at timestamptz,
  epoch integer NOT NULL DEFAULT 0,
  next_attempt_at timestamptz NOT NULL DEFAULT now(),
  created_at timestamptz NOT NULL DEFAULT now(),
  finished_at timestamptz
);
CREATE UNIQUE INDEX one_running_migration ON fleet_migrations ((true)) WHERE status = 'running';
CREATE INDEX ON fleet_migrations (created_at DESC);

CREATE TABLE fleet_migration_tenants (
  migration_id uuid NOT NULL REFERENCES fleet_migrations ON DELETE CASCADE,
  tenant_id text NOT NULL REFERENCES tenants ON DELETE CASCADE,
  -- 0 are the canaries; a wave begins when the one before it has been tried.
  wave integer NOT NULL,
  -- `skipped`: the tenant has left meanwhile.
  status text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'running', 'succeeded', 'failed', 'skipped')),
  from_version text NOT NULL,
  attempts integer NOT NULL DEFAULT 0,
  -- Why it waits, or failed.
  detail text,
  next_attempt_at timestamptz NOT NULL DEFAULT now(),
  finished_at timestamptz,
  PRIMARY KEY (migration_id, tenant_id)
);
CREATE INDEX ON fleet_migration_tenants (migration_id, wave) WHERE status IN ('pending', 'running');
CREATE INDEX ON fleet_migration_tenants (tenant_id) WHERE status = 'running';
