-- Up Migration

-- The public half of the key that seals what channels hold. Only functions outside the VPC have the other one.
CREATE TABLE alert_sealing_key (
  id         integer PRIMARY KEY DEFAULT 1 CHECK (id = 1),
  public_key text NOT NULL,
  set_at     timestamptz NOT NULL
);

-- Where alerts go. `sealed` is the address with its secrets; a channel that was removed has none.
CREATE TABLE alert_channel (
  id                uuid PRIMARY KEY,
  name              text NOT NULL,
  kind              text NOT NULL CHECK (kind IN ('webhook', 'slack', 'ntfy', 'email')),
  target            text NOT NULL,
  sealed            text,
  key_id            uuid,
  created_at        timestamptz NOT NULL,
  failing_since     timestamptz,
  disabled          text,
  disabled_at       timestamptz,
  last_delivered_at timestamptz,
  last_error        text,
  removed_at        timestamptz
);
CREATE INDEX alert_channel_recent ON alert_channel (created_at DESC, id DESC) WHERE removed_at IS NULL;

-- What is watched for. `subject_symbol` and `subject_source` are what an event has to be about; null: anything.
CREATE TABLE alert_rule (
  id             uuid PRIMARY KEY,
  name           text NOT NULL,
  kind           text NOT NULL,
  condition      jsonb NOT NULL,
  subject_symbol text,
  subject_source text,
  channel_ids    uuid[] NOT NULL,
  quiet_hours    jsonb,
  -- The key that made it, whose use says what an alert may carry.
  key_id         uuid NOT NULL,
  enabled        boolean NOT NULL DEFAULT true,
  -- Whether the condition held when it was last looked at; null: never.
  met            boolean,
  -- What it last alerted on where that is once each, such as a day.
  met_on         text,
  evaluated_at   timestamptz,
  last_alert_at  timestamptz,
  -- The event on whose price nothing had agreed yet: it is looked at again.
  pending_event  uuid,
  -- Rises with each evaluation that was kept: an older one is not.
  revision       bigint NOT NULL DEFAULT 0,
  created_at     timestamptz NOT NULL,
  removed_at     timestamptz
);
CREATE INDEX alert_rule_recent ON alert_rule (created_at DESC, id DESC) WHERE removed_at IS NULL;
CREATE INDEX alert_rule_watching ON alert_rule (kind, subject_symbol) WHERE removed_at IS NULL AND enabled;
CREATE INDEX alert_rule_pending ON alert_rule (id) WHERE pending_event IS NOT NULL;
CREATE INDEX alert_rule_removed ON alert_rule (removed_at) WHERE removed_at IS NOT NULL;

-- An alert on its way to a channel. One for each rule, event and channel; a test has no rule.
CREATE TABLE alert_delivery (
  id            uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  rule_id       uuid REFERENCES alert_rule ON DELETE CASCADE,
  channel_id    uuid NOT NULL REFERENCES alert_channel ON DELETE CASCADE,
  event_id      uuid NOT NULL,
  body          jsonb NOT NULL,
  created_at    timestamptz NOT NULL,
  held_until    timestamptz,
  attempts      integer NOT NULL DEFAULT 0,
  next_at       timestamptz,
  -- While a sender has it; the token is refused after that.
  claimed_until timestamptz,
  claim_token   bigint NOT NULL DEFAULT 0,
  finished_at   timestamptz,
  delivered     boolean,
  last_error    text,
  last_status   integer,
  CONSTRAINT alert_delivery_once UNIQUE (rule_id, event_id, channel_id)
);
CREATE INDEX alert_delivery_due ON alert_delivery (next_at) WHERE finished_at IS NULL;
CREATE INDEX alert_delivery_recent ON alert_delivery (created_at DESC, id DESC);
CREATE INDEX alert_delivery_of_channel ON alert_delivery (channel_id, created_at DESC, id DESC);
CREATE INDEX alert_delivery_of_rule ON alert_delivery (rule_id, created_at DESC, id DESC);
CREATE INDEX alert_delivery_finished ON alert_delivery (finished_at) WHERE finished_at IS NOT NULL;
