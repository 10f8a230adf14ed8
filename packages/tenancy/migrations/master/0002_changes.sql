-- Whoever keeps a copy of a tenant's entry hears of a change when it is committed, and of nothing that is rolled back.
CREATE FUNCTION notify_tenant_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('tenant_changed', NEW.id);
  RETURN NULL;
END $$;

CREATE TRIGGER tenant_changed
  AFTER UPDATE OF status, plan, database_host, database_port, database_name, database_role, secret_ref ON tenants
  FOR EACH ROW EXECUTE FUNCTION notify_tenant_change();

-- Who asked for what to be done to which tenant, when and from where. Rows are added, never changed.
CREATE TABLE audit (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at timestamptz NOT NULL DEFAULT now(),
  actor text NOT NULL,
  source_ip inet,
  action text NOT NULL,
  tenant_id text NOT NULL,
  operation_id uuid
);
CREATE INDEX ON audit (tenant_id, id);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'audit rows are never changed';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit EXECUTE FUNCTION refuse_change();

-- An event is taken up for a while by whoever publishes it, and again when that did not work.
ALTER TABLE outbox
  ADD COLUMN attempts integer NOT NULL DEFAULT 0,
  ADD COLUMN next_attempt_at timestamptz NOT NULL DEFAULT now();
DROP INDEX outbox_created_at_idx;
CREATE INDEX ON outbox (next_attempt_at) WHERE published_at IS NULL;
