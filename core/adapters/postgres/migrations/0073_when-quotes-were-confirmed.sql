-- Up Migration

-- When a quote of the source was last stored or confirmed, as judged each minute: /health asks this of each source, and not
-- of each listing.
ALTER TABLE source_health ADD COLUMN quoted_at timestamptz;
