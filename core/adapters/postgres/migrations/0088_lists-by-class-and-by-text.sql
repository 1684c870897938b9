-- Up Migration

SET LOCAL lock_timeout = '5s';
-- By class: in the order of lists of prices, and in that of a search.
CREATE INDEX symbol_alias_class ON symbol_alias (namespace, asset_class, symbol);
CREATE INDEX symbol_alias_class_letters ON symbol_alias (asset_class, symbol COLLATE "C") WHERE namespace = 'canonical';

-- All parts of a text of one, two and three characters. A text that contains another has all of its parts, so an index of them
-- finds what contains it, in any place. A longer text than anybody names something has the empty part only: those are looked at.
CREATE FUNCTION text_parts(whole text) RETURNS text[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT CASE WHEN length(whole) > 500 THEN '{""}' ELSE
    (SELECT coalesce(array_agg(DISTINCT substr(whole, place, size) COLLATE "C"), '{}')
     FROM generate_series(1, length(whole)) place, generate_series(1, least(3, length(whole) - place + 1)) size) END
$$;
-- Of these the longest that a text has: by them it is sought.
CREATE FUNCTION sought_parts(whole text) RETURNS text[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT array_agg(DISTINCT substr(whole, place, 3) COLLATE "C") FROM generate_series(1, greatest(1, length(whole) - 2)) place
$$;
CREATE INDEX symbol_alias_parts ON symbol_alias USING gin ((text_parts(symbol)) COLLATE "C") WITH (fastupdate = off) WHERE namespace = 'canonical';
CREATE INDEX instrument_parts ON instrument USING gin ((text_parts(upper(name))) COLLATE "C") WITH (fastupdate = off);
