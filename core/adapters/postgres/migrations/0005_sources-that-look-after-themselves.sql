-- Up Migration
-- Incidents, recoveries and diagnoses.

-- The market time of the newest row that the batch accepted, stored before or not: what a canary is judged by.
ALTER TABLE batch ADD COLUMN newest_as_of timestamptz;

-- Something that is wrong with a source: one open incident for each reason. `count` failures were seen of it.
CREATE TABLE incident (
  id           uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  source_id    text NOT NULL,
  reason       text NOT NULL,
  opened_at    timestamptz NOT NULL,
  last_seen_at timestamptz NOT NULL,
  resolved_at  timestamptz,
  count        integer NOT NULL DEFAULT 1 CHECK (count > 0),
  -- Samples: when, which run and part, the message, the blob, the artifacts.
  evidence     jsonb NOT NULL DEFAULT '[]'
);
CREATE UNIQUE INDEX incident_open ON incident (source_id, reason) WHERE resolved_at IS NULL;
CREATE INDEX incident_recent ON incident (opened_at DESC, id);

-- One attempt to heal a source. `steps` grows while it runs.
CREATE TABLE recovery (
  id            uuid PRIMARY KEY,
  source_id     text NOT NULL,
  trigger       text NOT NULL CHECK (trigger IN ('automatic', 'manual')),
  strategy      text,
  status        text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'running', 'verified', 'mitigated', 'failed')),
  reason        text,
  message       text,
  steps         jsonb NOT NULL DEFAULT '[]',
  requested_at  timestamptz NOT NULL,
  requested_by  uuid,
  started_at    timestamptz,
  finished_at   timestamptz,
  canary_run_id uuid,
  -- Whether it held for an hour; NULL before that is known.
  held          boolean,
  CHECK ((finished_at IS NOT NULL) = (status IN ('verified', 'mitigated', 'failed')))
);
CREATE UNIQUE INDEX recovery_active ON recovery (source_id) WHERE finished_at IS NULL;
CREATE INDEX recovery_recent ON recovery (requested_at DESC, id);
CREATE INDEX recovery_of_source ON recovery (source_id, requested_at DESC);

-- A written diagnosis. `facts` is what the next one compares itself with.
CREATE TABLE diagnosis (
  id            uuid PRIMARY KEY,
  created_at    timestamptz NOT NULL,
  requested_by  uuid,
  score         integer,
  facts         jsonb NOT NULL,
  markdown      text NOT NULL,
  summary       text,
  summary_model text
);
CREATE INDEX diagnosis_recent ON diagnosis (created_at DESC, id);
