-- Up Migration
-- Health with all its parts, incidents that know when they are over, and the breaker that health feeds.

-- Whether the end of a task has been counted: by the breaker, by incidents, in the hour's sample. Each end counts once,
-- however often its outcome is delivered. What ended before this migration is history.
ALTER TABLE task
  ADD COLUMN judged boolean NOT NULL DEFAULT true,
  -- Begun while the breaker was not closed: its end says whether the source is well again.
  ADD COLUMN trial boolean NOT NULL DEFAULT false;
ALTER TABLE task ALTER COLUMN judged SET DEFAULT false;
UPDATE task SET judged = false WHERE finished_at IS NULL;
CREATE INDEX task_unjudged ON task (source_id, finished_at) WHERE finished_at IS NOT NULL AND NOT judged;

ALTER TABLE source_state
  -- Why the breaker opened; NULL while it is closed.
  ADD COLUMN breaker_reason text,
  -- How often it has opened in a row, each time for longer.
  ADD COLUMN breaker_opened integer NOT NULL DEFAULT 0,
  -- Failures in a row while it is closed.
  ADD COLUMN breaker_failures integer NOT NULL DEFAULT 0,
  -- The run that tries whether the source is well again. Past `breaker_until` another may.
  ADD COLUMN breaker_run uuid;

ALTER TABLE source_health
  -- Shares from 0 to 1, NULL where there is nothing to judge by.
  ADD COLUMN freshness double precision,
  ADD COLUMN latency double precision,
  ADD COLUMN quota double precision,
  -- What the status rests on, in a sentence; NULL while healthy.
  ADD COLUMN message text,
  -- Since when the status is what it is.
  ADD COLUMN since timestamptz;

-- The hour as a whole beside its last sample, so that days can be told: how often it was judged, the sum and the least of
-- the scores, its worst status, and the tasks that ended in it.
ALTER TABLE health_sample
  ADD COLUMN samples integer NOT NULL DEFAULT 0,
  ADD COLUMN score_sum bigint NOT NULL DEFAULT 0,
  ADD COLUMN score_least integer,
  ADD COLUMN worst text,
  ADD COLUMN succeeded integer NOT NULL DEFAULT 0,
  ADD COLUMN failed integer NOT NULL DEFAULT 0;

ALTER TABLE incident
  -- The jobs that failed of it, and those of them that have succeeded since in a later run.
  ADD COLUMN jobs text[] NOT NULL DEFAULT '{}',
  ADD COLUMN healed_jobs text[] NOT NULL DEFAULT '{}',
  -- Successes in a row since it was seen last.
  ADD COLUMN successes integer NOT NULL DEFAULT 0;
CREATE INDEX incident_of_source ON incident (source_id, opened_at DESC);

-- The newest runs of each job: what its health is judged by.
CREATE INDEX run_of_job ON run (source_id, job, due_at DESC);
