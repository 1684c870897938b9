-- Up Migration
-- Answers that come late or are confirmed, messages that are lost, and databases that are restored.

-- The last fetch that said the same as the row, where that is known to be later than `fetched_at`: an answer that was
-- fetched between the two and comes late does not replace it.
ALTER TABLE quote ADD COLUMN confirmed_at timestamptz;

-- A confirmation is no revision. The columns by name: `quote` has one more than its revisions.
CREATE OR REPLACE FUNCTION keep_quote_revision() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO quote_revision
    (listing_id, source, as_of, price, previous_close, change, change_fraction, bid, ask, volume, currency, minor_factor,
     session, delay_seconds, as_of_basis, fetched_at, ingested_at, batch_id, known_to)
  SELECT o.listing_id, o.source, o.as_of, o.price, o.previous_close, o.change, o.change_fraction, o.bid, o.ask, o.volume,
         o.currency, o.minor_factor, o.session, o.delay_seconds, o.as_of_basis, o.fetched_at, o.ingested_at, o.batch_id,
         n.ingested_at
  FROM replaced o JOIN replacing n USING (listing_id, source, as_of)
  WHERE o.ingested_at <> n.ingested_at;
  RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION ensure_quote_partition(at timestamptz) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  first timestamptz := date_trunc('month', at, 'UTC');
  next  timestamptz := (first AT TIME ZONE 'UTC' + interval '1 month') AT TIME ZONE 'UTC';
  name  text := 'quote_' || to_char(first AT TIME ZONE 'UTC', 'YYYY_MM');
BEGIN
  IF to_regclass(name) IS NOT NULL THEN RETURN false; END IF;
  LOCK TABLE quote IN SHARE ROW EXCLUSIVE MODE;
  IF to_regclass(name) IS NOT NULL THEN RETURN false; END IF;
  EXECUTE format('CREATE TABLE %I (LIKE quote INCLUDING DEFAULTS INCLUDING GENERATED INCLUDING CONSTRAINTS)', name);
  EXECUTE format(
    'WITH moved AS (DELETE FROM quote_default WHERE as_of >= %L AND as_of < %L RETURNING *)
     INSERT INTO %I (listing_id, source, as_of, price, previous_close, bid, ask, volume, currency, minor_factor, session,
                     delay_seconds, as_of_basis, fetched_at, ingested_at, batch_id, confirmed_at)
     SELECT listing_id, source, as_of, price, previous_close, bid, ask, volume, currency, minor_factor, session,
            delay_seconds, as_of_basis, fetched_at, ingested_at, batch_id, confirmed_at FROM moved', first, next, name);
  EXECUTE format('ALTER TABLE quote ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', name, first, next);
  RETURN true;
END $$;

SET LOCAL lock_timeout = '5s';
-- Whether the monitor has looked for the batch of the attempt's blob: a quarter of an hour after its end, and once. What
-- ended before this migration is history.
ALTER TABLE task_attempt ADD COLUMN batch_sought boolean NOT NULL DEFAULT true;
ALTER TABLE task_attempt ALTER COLUMN batch_sought SET DEFAULT false;
-- Its index is built by itself, in 0029: the lock of `quote` is held to the end of this one.

-- One row: which database this is. A container that remembers ids forgets them when it finds another one.
CREATE TABLE database_epoch (
  one   boolean PRIMARY KEY DEFAULT true CHECK (one),
  epoch uuid NOT NULL DEFAULT gen_random_uuid()
);
