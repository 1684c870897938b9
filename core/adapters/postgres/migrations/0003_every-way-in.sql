-- Up Migration
-- Waiting, credentials and backfills.

-- No request of the source before this: it said so itself (`Retry-After`), or told that its limit is reached.
ALTER TABLE source_state ADD COLUMN held_until timestamptz;

-- Until when a task waits for its quota or its source. Waiting is no silence: it is not overdue before.
ALTER TABLE task
  ADD COLUMN waits_until timestamptz,
  -- Part of a backfill: of low priority, no sign of the source's health, and not overdue before it was sent.
  ADD COLUMN backfill boolean NOT NULL DEFAULT false,
  -- What range of bars to ask for: {from, to, interval}. NULL is the job's own.
  ADD COLUMN range jsonb;
CREATE INDEX task_backfill_open ON task (source_id, due_at, run_id, part) WHERE backfill AND finished_at IS NULL;

-- Whether a person has set the credentials of a source. The credentials themselves are in Secrets Manager.
CREATE TABLE source_credentials (
  source_id  text PRIMARY KEY,
  is_set     boolean NOT NULL,
  changed_at timestamptz NOT NULL DEFAULT now(),
  changed_by uuid
);

-- A run of trigger `backfill`: its tasks are the chunks. What was cancelled before it was sent has no task any more.
CREATE TABLE backfill (
  run_id       uuid PRIMARY KEY,
  source_id    text NOT NULL,
  interval     text NOT NULL,
  symbols      text[] NOT NULL,
  from_date    date NOT NULL,
  to_date      date NOT NULL,
  chunks       integer NOT NULL CHECK (chunks > 0),
  created_at   timestamptz NOT NULL DEFAULT now(),
  cancelled_at timestamptz,
  CHECK (from_date < to_date)
);
CREATE INDEX backfill_recent ON backfill (created_at DESC, run_id);
