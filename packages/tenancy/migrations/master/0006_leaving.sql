-- The login a rotation replaced, while it is still good.
ALTER TABLE tenants
  ADD COLUMN previous_role text,
  ADD COLUMN previous_secret_ref text,
  ADD COLUMN secret_changed_at timestamptz NOT NULL DEFAULT now(),
  ADD CHECK ((previous_role IS NULL) = (previous_secret_ref IS NULL));
