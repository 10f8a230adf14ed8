-- Tenants and what is done to them. A change to a tenant is an operation: a row here before anything is created.

CREATE TABLE users (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  platform_admin boolean NOT NULL DEFAULT false,
  created_at timestamptz NOT NULL DEFAULT now()
);

-- A phone number (E.164) or an e-mail address (lower case). Only who proves to hold it signs in by it.
CREATE TABLE user_addresses (
  address text PRIMARY KEY,
  channel text NOT NULL CHECK (channel IN ('sms', 'email')),
  user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ON user_addresses (user_id);

CREATE TABLE tenants (
  -- The subdomain.
  id text PRIMARY KEY CHECK (id ~ '^[a-z][a-z0-9-]{1,30}$'),
  name text NOT NULL,
  plan text NOT NULL CHECK (plan IN ('free', 'basic', 'premium', 'enterprise')),
  placement text NOT NULL CHECK (placement IN ('dedicated', 'shared')),
  status text NOT NULL CHECK (status IN
    ('provisioning', 'active', 'suspended', 'changing-plan', 'restoring', 'offboarding', 'offboarded', 'failed')),
  region text NOT NULL,
  -- Subject of the token that asked for it: a user's id, or an operator's name.
  owner_id text NOT NULL,
  settings jsonb NOT NULL DEFAULT '{}',
  schema_version text,
  -- Where its database is; all set by the time it is active. The password is in the secret store, not here.
  instance_id text,
  engine_version text,
  database_host text,
  database_port integer,
  database_name text,
  database_role text,
  secret_ref text,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ON tenants (status, id);
CREATE INDEX ON tenants (owner_id);

CREATE TABLE memberships (
  user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
  tenant_id text NOT NULL REFERENCES tenants ON DELETE CASCADE,
  role text NOT NULL CHECK (role IN ('gym_owner', 'gym_manager', 'gym_staff', 'trainer', 'member', 'guest')),
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (user_id, tenant_id)
);
CREATE INDEX ON memberships (tenant_id);

-- One row a sign-in. A refresh token names its session and holds a secret; each refresh replaces the secret,
-- so that a token used twice is seen, and the whole session ends.
CREATE TABLE sessions (
  id uuid PRIMARY KEY,
  user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
  tenant_id text REFERENCES tenants ON DELETE CASCADE,
  scope text NOT NULL,
  token_hash bytea NOT NULL,
  expires_at timestamptz NOT NULL,
  revoked_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ON sessions (user_id);
CREATE INDEX ON sessions (expires_at);

CREATE TABLE operations (
  id uuid PRIMARY KEY,
  tenant_id text NOT NULL REFERENCES tenants,
  kind text NOT NULL,
  status text NOT NULL DEFAULT 'running' CHECK (status IN ('running', 'succeeded', 'failed', 'compensated')),
  -- Undoing begins when a step has failed for good.
  undoing boolean NOT NULL DEFAULT false,
  input jsonb NOT NULL,
  -- Who asked: the subject of the token.
  actor text NOT NULL,
  error text,
  -- One driver at a time: the lease says who and until when, the epoch fences off one that was thought dead.
  lease_owner text,
  lease_expires_at timestamptz,
  epoch integer NOT NULL DEFAULT 0,
  next_attempt_at timestamptz NOT NULL DEFAULT now(),
  created_at timestamptz NOT NULL DEFAULT now(),
  finished_at timestamptz
);
-- One change at a time for a tenant.
CREATE UNIQUE INDEX one_running_operation ON operations (tenant_id) WHERE status = 'running';
CREATE INDEX ON operations (tenant_id, created_at DESC);
CREATE INDEX ON operations (next_attempt_at) WHERE status = 'running';

CREATE TABLE operation_steps (
  operation_id uuid NOT NULL REFERENCES operations ON DELETE CASCADE,
  position integer NOT NULL,
  name text NOT NULL,
  status text NOT NULL DEFAULT 'pending'
    CHECK (status IN ('pending', 'running', 'waiting', 'retrying', 'succeeded', 'failed', 'undone')),
  attempts integer NOT NULL DEFAULT 0,
  undo_attempts integer NOT NULL DEFAULT 0,
  started_at timestamptz,
  finished_at timestamptz,
  detail text,
  error text,
  PRIMARY KEY (operation_id, position)
);

CREATE TABLE idempotency_keys (
  caller text NOT NULL,
  key text NOT NULL,
  request_hash text NOT NULL,
  operation_id uuid NOT NULL REFERENCES operations ON DELETE CASCADE,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (caller, key)
);

-- What happened to which tenant's schema, and when.
CREATE TABLE tenant_schema_versions (
  tenant_id text NOT NULL REFERENCES tenants ON DELETE CASCADE,
  version text NOT NULL,
  applied_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, version)
);

-- Events are written in the transaction that makes them true, and leave from here.
CREATE TABLE outbox (
  id uuid PRIMARY KEY,
  type text NOT NULL,
  tenant_id text NOT NULL,
  operation_id uuid NOT NULL,
  payload jsonb NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  published_at timestamptz,
  UNIQUE (operation_id, type)
);
CREATE INDEX ON outbox (created_at) WHERE published_at IS NULL;
