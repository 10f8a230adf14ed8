-- Servers that signups have ordered by themselves: how many there may be a day is bounded by the stage.
CREATE TABLE self_service_servers (
  operation_id uuid PRIMARY KEY REFERENCES operations ON DELETE CASCADE,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ON self_service_servers (created_at);
