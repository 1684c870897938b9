-- Up Migration

-- The health of the installation by the hour: its last, its worst, and what the mean of a day is made of.
CREATE TABLE system_health_sample (
  hour        timestamptz PRIMARY KEY,
  status      text NOT NULL,
  worst       text NOT NULL,
  score       int,
  samples     int NOT NULL,
  score_sum   int NOT NULL,
  score_least int
);
