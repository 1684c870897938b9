-- Up Migration

-- What a feed token is bound to: groups of routes, symbols (null: all), and how many requests a minute. Null in all keys
-- that are none. The former release does not take a feed token for a key: its form is another.
ALTER TABLE api_key
  ADD COLUMN feed_routes text[],
  ADD COLUMN feed_symbols text[],
  ADD COLUMN feed_per_minute integer,
  ADD CONSTRAINT api_key_feed_reads CHECK (
    (feed_routes IS NULL AND feed_symbols IS NULL AND feed_per_minute IS NULL)
    OR (feed_routes IS NOT NULL AND feed_per_minute > 0 AND scope = 'read' AND expires_at IS NOT NULL)
  );
