-- Up Migration

-- By the minute: what was stored, and what waited for the relay of events as the monitor looked (NULL where it did not).
CREATE TABLE flow_sample (
  minute          timestamptz PRIMARY KEY,
  batches         integer NOT NULL,
  rows            bigint NOT NULL,
  waiting         integer,
  waiting_seconds double precision
);
