-- Up Migration
-- How far the raw blobs of each source have been compared with the batches. Each day is compared twice: after `after_days`.
CREATE TABLE blob_comparison (
  source_id  text NOT NULL,
  after_days integer NOT NULL CHECK (after_days > 0),
  -- The day that is next, or under way.
  day        date NOT NULL,
  -- The last key of that day that was compared.
  last_key   text,
  PRIMARY KEY (source_id, after_days)
);
