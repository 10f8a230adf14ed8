-- Documents that several people edit at once: who may, what they hold, what they held, and what is said about them.

CREATE TABLE documents (
  document_id uuid PRIMARY KEY,
  kind text NOT NULL,
  title text NOT NULL,
  created_by text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX documents_newest ON documents (created_at DESC, document_id DESC);

CREATE TABLE document_roles (
  document_id uuid NOT NULL REFERENCES documents ON DELETE CASCADE,
  user_id text NOT NULL,
  role text NOT NULL CHECK (role IN ('owner', 'editor', 'viewer')),
  PRIMARY KEY (document_id, user_id)
);
CREATE INDEX document_roles_user ON document_roles (user_id);

-- The state up to an update of the document's log; later ones are still in Redis. Written by whoever holds the lease:
-- each taking of it raises the fence, and only the newest fence may write.
CREATE TABLE document_snapshots (
  document_id uuid PRIMARY KEY REFERENCES documents ON DELETE CASCADE,
  -- A Yjs update, version 1, of everything so far.
  state bytea NOT NULL,
  seq bigint NOT NULL,
  lease_fence bigint NOT NULL DEFAULT 0,
  leased_until timestamptz NOT NULL DEFAULT '-infinity'
);

CREATE TABLE document_versions (
  version_id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  document_id uuid NOT NULL REFERENCES documents ON DELETE CASCADE,
  -- None for one that was kept without being asked for.
  name text,
  state bytea NOT NULL,
  seq bigint NOT NULL,
  created_by text,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  -- What differs from the version before, by part of the document.
  summary jsonb NOT NULL
);
CREATE INDEX document_versions_newest ON document_versions (document_id, created_at DESC, version_id DESC);

CREATE TABLE document_comments (
  comment_id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  document_id uuid NOT NULL REFERENCES documents ON DELETE CASCADE,
  author text NOT NULL,
  comment_text text NOT NULL,
  -- A Yjs relative position, encoded; none for a comment on the whole.
  anchor bytea,
  resolved boolean NOT NULL DEFAULT false,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX document_comments_oldest ON document_comments (document_id, created_at, comment_id);
