-- One-time passwords of a gym: the words they are sent in, and what became of each.

CREATE TABLE otp_templates (
  template_id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  name text NOT NULL,
  channel text NOT NULL CHECK (channel IN ('sms', 'email')),
  purpose text NOT NULL,
  active boolean NOT NULL,
  -- Text by locale, as the API has it.
  bodies jsonb NOT NULL,
  subjects jsonb,
  web_otp_domain text,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX otp_templates_name ON otp_templates (lower(name));
CREATE UNIQUE INDEX otp_templates_active ON otp_templates (channel, purpose) WHERE active;

-- In this order: of two reports about one send, which may come in any order, the greater one holds.
CREATE TYPE otp_status AS ENUM ('queued', 'expired', 'failed', 'sent', 'undelivered', 'delivered', 'verified');

CREATE TABLE otp_log (
  -- Made from the request's id by a hash: it names the send and verifies nothing.
  reference uuid PRIMARY KEY,
  status otp_status NOT NULL,
  channel text NOT NULL,
  purpose text NOT NULL,
  -- Masked. Whoever knows the address finds it by its keyed hash.
  recipient text NOT NULL,
  recipient_hash text NOT NULL,
  template text,
  provider text,
  provider_message_id text,
  attempts integer NOT NULL DEFAULT 0,
  segments integer,
  -- What the provider charges, where it says so.
  cost numeric(12, 5),
  currency char(3),
  failure text,
  requested_at timestamptz NOT NULL,
  sent_at timestamptz,
  delivered_at timestamptz,
  verified_at timestamptz,
  CHECK ((cost IS NULL) = (currency IS NULL))
);
CREATE INDEX otp_log_newest ON otp_log (requested_at DESC, reference DESC);
CREATE INDEX otp_log_recipient ON otp_log (recipient_hash, requested_at DESC);
