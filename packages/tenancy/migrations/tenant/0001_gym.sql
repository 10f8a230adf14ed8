-- What every gym's database begins with. The application's role may read and write rows, never change the schema.

CREATE TABLE gym (
  -- One row: this database belongs to one gym.
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  tenant_id text NOT NULL,
  name text NOT NULL,
  time_zone text NOT NULL DEFAULT 'Asia/Taipei',
  locale text NOT NULL DEFAULT 'zh-TW',
  created_at timestamptz NOT NULL DEFAULT now()
);
