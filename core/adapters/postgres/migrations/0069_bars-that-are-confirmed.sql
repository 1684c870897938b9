-- Up Migration

-- A bar that a split had put in doubt is confirmed by a later answer with the same prices: on another basis from then on. Its
-- former row is what was known until then, and is kept like any other; without it the past had no such bar.
CREATE OR REPLACE FUNCTION keep_bar_revision() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO bar_revision
    (listing_id, source, interval, starts_at, date, open, high, low, close, volume, currency, minor_factor, basis, basis_at,
     stale, fetched_at, ingested_at, batch_id, withdrawn_at, known_to)
  SELECT o.listing_id, o.source, o.interval, o.starts_at, o.date, o.open, o.high, o.low, o.close, o.volume, o.currency,
         o.minor_factor, o.basis, o.basis_at, o.stale, o.fetched_at, o.ingested_at, o.batch_id, o.withdrawn_at, n.ingested_at
  FROM replaced o JOIN replacing n USING (listing_id, source, interval, starts_at)
  WHERE o.withdrawn_at IS DISTINCT FROM n.withdrawn_at
    OR (o.batch_id <> n.batch_id AND (o.open, o.high, o.low, o.close, o.volume, o.basis)
                                       IS DISTINCT FROM (n.open, n.high, n.low, n.close, n.volume, n.basis))
    OR (o.stale AND NOT n.stale AND n.ingested_at > o.ingested_at AND o.batch_id = n.batch_id);
  RETURN NULL;
END $$;
