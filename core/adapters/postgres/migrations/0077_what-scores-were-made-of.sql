-- Up Migration

-- The parts of the last score of the hour, as `source_health` has those of now: shares from 0 to 1, NULL where there was
-- nothing to judge by, and in hours of before.
ALTER TABLE health_sample
  ADD COLUMN success   double precision,
  ADD COLUMN freshness double precision,
  ADD COLUMN accepted  double precision,
  ADD COLUMN latency   double precision,
  ADD COLUMN quota     double precision;
