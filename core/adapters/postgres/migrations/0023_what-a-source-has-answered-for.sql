-- Up Migration

-- The bars of a listing from a source, one row for each interval: which days the source has answered for after they had
-- settled, which of them it says had no trade, and its newest answer. Tells a hole from what nobody has asked for.
CREATE TABLE bar_series (
  listing_id    integer NOT NULL,
  source        text NOT NULL,
  interval      text NOT NULL,
  answered      datemultirange NOT NULL DEFAULT '{}',
  untraded      datemultirange NOT NULL DEFAULT '{}',
  newest_from   date,
  newest_at     timestamptz,
  -- Since when the source says that it does not know the symbol.
  unknown_since timestamptz,
  PRIMARY KEY (listing_id, source, interval)
) WITH (fillfactor = 80);

-- Series that were stored before. One look into the index for each source that knows a listing, and interval.
INSERT INTO bar_series (listing_id, source, interval)
SELECT a.listing_id, a.namespace, i.interval
FROM (SELECT DISTINCT listing_id, namespace FROM symbol_alias WHERE namespace <> 'canonical') a
CROSS JOIN unnest(ARRAY['1m', '5m', '15m', '1h', '1d', '1wk', '1mo']) AS i (interval)
CROSS JOIN LATERAL (SELECT FROM bar b
                    WHERE b.listing_id = a.listing_id AND b.source = a.namespace AND b.interval = i.interval LIMIT 1) b;
