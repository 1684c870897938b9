-- Up Migration
SET LOCAL lock_timeout = '5s';

-- Bars that are to be read again, one row of a series and reason, and what was read for that: a source that keeps telling the
-- same is asked again after a pause that grows, and not for ever.
CREATE TABLE repair_wanted (
  listing_id integer NOT NULL,
  source     text NOT NULL,
  interval   text NOT NULL,
  why        text NOT NULL,
  from_date  date NOT NULL,
  to_date    date NOT NULL,
  wanted_at  timestamptz NOT NULL,
  not_before timestamptz NOT NULL,
  run_id     uuid,
  PRIMARY KEY (listing_id, source, interval, why)
);
CREATE INDEX repair_wanted_waiting ON repair_wanted (not_before) WHERE run_id IS NULL;

CREATE TABLE repair_read (
  listing_id integer NOT NULL,
  source     text NOT NULL,
  interval   text NOT NULL,
  why        text NOT NULL,
  from_date  date NOT NULL,
  to_date    date NOT NULL,
  tries      integer NOT NULL,
  read_at    timestamptz NOT NULL,
  PRIMARY KEY (listing_id, source, interval, why)
);

-- Why the planner made a backfill; null for those that people ask for.
ALTER TABLE backfill ADD COLUMN repair text;

-- Bars that are stale already were never read again.
INSERT INTO repair_wanted (listing_id, source, interval, why, from_date, to_date, wanted_at, not_before)
SELECT listing_id, source, interval, 'stale', min(coalesce(date, starts_at::date)), max(coalesce(date, starts_at::date)),
       statement_timestamp(), statement_timestamp()
FROM bar WHERE stale AND withdrawn_at IS NULL GROUP BY 1, 2, 3;
