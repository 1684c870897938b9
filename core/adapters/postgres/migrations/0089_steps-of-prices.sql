-- Up Migration

SET LOCAL lock_timeout = '5s';
-- A number, coarsely: whole steps of its eighth root, which are some hundredths of the number wide and finer for larger ones. It
-- never falls as the number rises, and is the same on every machine: a square root is exact. Far from what anything costs, all
-- numbers are one step.
CREATE FUNCTION step_of(number numeric, steps float8) RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN number > 1e-40 THEN floor(dsqrt(dsqrt(dsqrt(least(number, 1e40)::float8))) * steps)::integer
              WHEN number < -1e-40 THEN -floor(dsqrt(dsqrt(dsqrt(least(-number, 1e40)::float8))) * steps)::integer
              WHEN number IS NOT NULL THEN 0 END
$$;
-- The same of a fraction with ten digits, of which those around zero are most.
CREATE FUNCTION fraction_step_of(fraction numeric) RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT floor(round(least(greatest(fraction, -1e4), 1e4), 10)::float8 * 64)::integer
$$;

-- By these lists are read in the order of a price, of its change and of the volume. An index of the numbers themselves would be
-- written with each tick; a step stays the same for most, and then an update of the row writes to no index.
ALTER TABLE latest_quote
  ADD COLUMN price_step integer GENERATED ALWAYS AS (step_of(price, 100)) STORED,
  ADD COLUMN change_fraction_step integer GENERATED ALWAYS AS (
    CASE WHEN previous_close > 0 THEN fraction_step_of((price - previous_close) / previous_close) END) STORED,
  ADD COLUMN volume_step integer GENERATED ALWAYS AS (step_of(volume, 10)) STORED;
