-- Sessions: in whose words their code came, which refresh token was good before this one, and when they were last used.
ALTER TABLE sessions
  -- The tenant named when the code was asked for, whether or not there is such a one: the session opens no other.
  ADD COLUMN bound_tenant_id text,
  -- Of the half of each of its refresh tokens that stays the same: by it a spent token is told from an invented one.
  ADD COLUMN family_hash bytea,
  ADD COLUMN previous_token_hash bytea,
  -- By it and the previous token the present one is found once more. Useless without that token, which is not kept.
  ADD COLUMN rotation_salt bytea,
  ADD COLUMN rotated_at timestamptz,
  ADD COLUMN last_used_at timestamptz NOT NULL DEFAULT now();
CREATE INDEX ON sessions (revoked_at) WHERE revoked_at IS NOT NULL;

-- Null: invited, and has not entered yet.
ALTER TABLE memberships ADD COLUMN accepted_at timestamptz DEFAULT now();
CREATE INDEX ON memberships (created_at) WHERE accepted_at IS NULL;

-- Access that ended while tokens for it may still be good: those of a person in a tenant that were signed before this was
-- known (a token says up to which `id` its signer knew), or all of a session. Rows are needed for as long as tokens live.
CREATE TABLE ended_access (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  user_id uuid NOT NULL,
  tenant_id text,
  session_id uuid,
  ended_at timestamptz NOT NULL DEFAULT now(),
  CHECK ((tenant_id IS NULL) <> (session_id IS NULL))
);
CREATE INDEX ON ended_access (user_id, id);
CREATE INDEX ON ended_access (ended_at);

CREATE FUNCTION end_membership_access() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO ended_access (user_id, tenant_id) VALUES (OLD.user_id, OLD.tenant_id);
  RETURN NULL;
END $$;
CREATE TRIGGER access_ends_with_removal AFTER DELETE ON memberships
  FOR EACH ROW EXECUTE FUNCTION end_membership_access();
CREATE TRIGGER access_ends_with_role AFTER UPDATE OF role ON memberships
  FOR EACH ROW WHEN (OLD.role <> NEW.role) EXECUTE FUNCTION end_membership_access();

CREATE FUNCTION end_session_access() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO ended_access (user_id, session_id) VALUES (OLD.user_id, OLD.id);
  RETURN NULL;
END $$;
CREATE TRIGGER access_ends_with_session AFTER UPDATE OF revoked_at ON sessions
  FOR EACH ROW WHEN (OLD.revoked_at IS NULL AND NEW.revoked_at IS NOT NULL) EXECUTE FUNCTION end_session_access();

-- Whoever verifies tokens hears of it when it is committed.
CREATE FUNCTION notify_ended_access() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('access_ended', json_build_object('id', NEW.id, 'userId', NEW.user_id, 'tenantId', NEW.tenant_id,
                                                      'sessionId', NEW.session_id, 'endedAt', NEW.ended_at)::text);
  RETURN NULL;
END $$;
CREATE TRIGGER access_ended AFTER INSERT ON ended_access
  FOR EACH ROW EXECUTE FUNCTION notify_ended_access();
