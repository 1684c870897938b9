-- Up Migration

-- What is collected: which source is asked for which symbol, and under which name there.
CREATE TABLE watch (
  symbol text NOT NULL CHECK (symbol ~ '^[A-Z0-9^][A-Z0-9.^=&_-]{0,31}$'),
  source_id text NOT NULL,
  source_symbol text NOT NULL CHECK (length(source_symbol) BETWEEN 1 AND 64),
  -- The order in which symbols were added: a job with room for few takes the first.
  place bigint GENERATED ALWAYS AS IDENTITY,
  added_at timestamptz NOT NULL,
  -- When the source first had it, and since when an answer that had others does not have it.
  found_at timestamptz,
  missing_since timestamptz,
  -- The run that fetches it for the first time.
  run_id uuid,
  PRIMARY KEY (symbol, source_id),
  CONSTRAINT watch_once UNIQUE (source_id, source_symbol)
);

-- Sources whose first symbols were put on the list: that happens once.
CREATE TABLE watch_start (
  source_id text PRIMARY KEY,
  started_at timestamptz NOT NULL
);

-- How far apart the slots of a job are, and were before: what the API calls stale depends on it.
ALTER TABLE planner_state
  ADD COLUMN period_seconds integer,
  ADD COLUMN former_period_seconds integer,
  ADD COLUMN period_since timestamptz;
