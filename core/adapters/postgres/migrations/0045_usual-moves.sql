-- Up Migration

SET LOCAL lock_timeout = '5s';

-- What a listing usually moves in a day, where a decision on its price was made by it. Nullable: the former release writes
-- none.
ALTER TABLE consolidated_quote ADD COLUMN usual_move float8;
ALTER TABLE consolidated_quote_revision ADD COLUMN usual_move float8;

CREATE OR REPLACE FUNCTION keep_decision_revision() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO consolidated_quote_revision
    (listing_id, source, rule, spread, confidence, candidates, inputs, usual_move, since, known_to)
  SELECT o.listing_id, o.source, o.rule, o.spread, o.confidence, o.candidates, o.inputs, o.usual_move,
         coalesce(o.since, o.decided_at), n.decided_at
  FROM replaced o JOIN replacing n USING (listing_id)
  WHERE (o.source, o.confidence) IS DISTINCT FROM (n.source, n.confidence);
  RETURN NULL;
END $$;

-- When something agreed with a price that nothing had agreed with as it was stored: `infinity` until then, null for all
-- others. `knownAt` says by it what was provisional.
ALTER TABLE quote ADD COLUMN settled_at timestamptz;
ALTER TABLE quote_revision ADD COLUMN settled_at timestamptz;

CREATE OR REPLACE FUNCTION keep_quote_revision() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO quote_revision
    (listing_id, source, as_of, price, previous_close, change, change_fraction, bid, ask, volume, currency, minor_factor,
     session, delay_seconds, as_of_basis, fetched_at, ingested_at, batch_id, settled_at, known_to)
  SELECT o.listing_id, o.source, o.as_of, o.price, o.previous_close, o.change, o.change_fraction, o.bid, o.ask, o.volume,
         o.currency, o.minor_factor, o.session, o.delay_seconds, o.as_of_basis, o.fetched_at, o.ingested_at, o.batch_id,
         o.settled_at, n.ingested_at
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
                     delay_seconds, as_of_basis, fetched_at, ingested_at, batch_id, confirmed_at, settled_at)
     SELECT listing_id, source, as_of, price, previous_close, bid, ask, volume, currency, minor_factor, session,
            delay_seconds, as_of_basis, fetched_at, ingested_at, batch_id, confirmed_at, settled_at FROM moved', first, next, name);
  EXECUTE format('ALTER TABLE quote ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', name, first, next);
  RETURN true;
END $$;
