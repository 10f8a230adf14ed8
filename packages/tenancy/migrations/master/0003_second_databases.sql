-- A database of a tenant beside the one it lives in: the one an operation is making (`target`), or, once that operation has
-- switched the tenant over, the one it lived in before (`previous`). It belongs to the operation that reserved it.
CREATE TABLE second_databases (
  operation_id uuid PRIMARY KEY REFERENCES operations,
  tenant_id text NOT NULL REFERENCES tenants,
  state text NOT NULL CHECK (state IN ('target', 'previous')),
  -- As in `tenants`: at the switch the two change places.
  plan text NOT NULL,
  placement text NOT NULL,
  instance_id text NOT NULL,
  database_name text NOT NULL,
  database_role text NOT NULL,
  secret_ref text NOT NULL,
  schema_version text,
  engine_version text,
  database_host text,
  database_port integer,
  -- A previous one is destroyed after this time, or when an operator confirms the change.
  keep_until timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (instance_id, database_name),
  CHECK ((state = 'previous') = (keep_until IS NOT NULL))
);
CREATE INDEX ON second_databases (tenant_id);
CREATE INDEX ON second_databases (keep_until) WHERE state = 'previous';
