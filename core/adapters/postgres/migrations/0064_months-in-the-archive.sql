-- Up Migration

-- Months of `quote` that are files in the archive, and the export of one that is under way. A month is read from its files
-- as soon as it has a manifest; its partition then has only what came later, or is still needed beside them.
CREATE TABLE quote_archive (
  month        date PRIMARY KEY,
  version      integer NOT NULL DEFAULT 0,
  manifest     text,
  rows         bigint,
  archived_at  timestamptz,
  -- The version that is being written: its number, since when, its files so far.
  work         jsonb,
  -- Replaced rows that had been replaced before this time are in the files; NULL once they are deleted.
  sweep_before timestamptz,
  -- The former partition, until it is dropped.
  former       text,
  former_until timestamptz,
  -- Files that no manifest names any more, with the time from which they may be deleted.
  superseded   jsonb NOT NULL DEFAULT '[]'
);

-- Puts the files of a month in place of its partition: detaches it, makes one for what comes later, and puts there what is
-- still needed beside the files: rows that were stored since the export began (with an hour for transactions that were under
-- way), the latest row of each listing and source, and rows that a finding is on. Gives whether it did: not where another
-- version is being written by now.
CREATE FUNCTION archive_quote_month(of_month date, of_version integer, of_manifest text, of_rows bigint, kept_until timestamptz)
RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  first   timestamptz := of_month::timestamp AT TIME ZONE 'UTC';
  part    text := 'quote_' || to_char(of_month, 'YYYY_MM');
  detached text := 'archived_quote_' || to_char(of_month, 'YYYY_MM');
  began   timestamptz;
BEGIN
  SET LOCAL lock_timeout = '5s';
  SELECT (work->>'startedAt')::timestamptz INTO began FROM quote_archive
  WHERE month = of_month AND manifest IS NULL AND (work->>'version')::integer = of_version FOR UPDATE;
  IF began IS NULL THEN RETURN false; END IF;
  -- The key of the new partition gets the name that the old one's has.
  EXECUTE format('ALTER TABLE quote DETACH PARTITION %I', part);
  EXECUTE format('ALTER TABLE %I RENAME TO %I', part, detached);
  PERFORM ensure_quote_partition(first);
  EXECUTE format(
    'INSERT INTO quote (listing_id, source, as_of, price, previous_close, bid, ask, volume, currency, minor_factor, session,
                        delay_seconds, as_of_basis, fetched_at, ingested_at, batch_id, confirmed_at, settled_at)
     SELECT listing_id, source, as_of, price, previous_close, bid, ask, volume, currency, minor_factor, session,
            delay_seconds, as_of_basis, fetched_at, ingested_at, batch_id, confirmed_at, settled_at FROM %I q
     WHERE q.ingested_at >= %L
        OR EXISTS (SELECT FROM latest_quote l WHERE l.listing_id = q.listing_id AND l.source = q.source AND l.as_of = q.as_of)
        OR EXISTS (SELECT FROM finding f WHERE f.kind = ''quote'' AND f.listing_id = q.listing_id AND f.source = q.source
                   AND f.at = q.as_of)', detached, began - interval '1 hour');
  UPDATE quote_archive SET version = of_version, manifest = of_manifest, rows = of_rows, archived_at = statement_timestamp(),
    work = NULL, sweep_before = began - interval '1 hour', former = detached, former_until = kept_until
  WHERE month = of_month;
  RETURN true;
END $$;

-- Drops the former partition of a month whose time has come. Gives whether there was one.
CREATE FUNCTION drop_archived_quotes(of_month date, at timestamptz) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  name text;
BEGIN
  SELECT former INTO name FROM quote_archive WHERE month = of_month AND former IS NOT NULL AND former_until <= at FOR UPDATE;
  IF name IS NULL THEN RETURN false; END IF;
  EXECUTE format('DROP TABLE IF EXISTS %I', name);
  UPDATE quote_archive SET former = NULL, former_until = NULL WHERE month = of_month;
  RETURN true;
END $$;

-- `maintain` need not own the schema for them, as for `maintain_quote_partitions`.
DO $$
BEGIN
  EXECUTE format(
    'ALTER FUNCTION archive_quote_month(date, integer, text, bigint, timestamptz) SECURITY DEFINER SET search_path = %I, pg_temp',
    current_schema());
  EXECUTE format(
    'ALTER FUNCTION drop_archived_quotes(date, timestamptz) SECURITY DEFINER SET search_path = %I, pg_temp', current_schema());
END $$;
