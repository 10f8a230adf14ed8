-- What nobody needs any more is looked for by its age.
CREATE INDEX ON idempotency_keys (created_at);
