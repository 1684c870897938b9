-- Up Migration

-- Blobs whose rows were held back for a reason that is gone: they are read again once.
CREATE TABLE blob_to_read_again (
  blob_key text PRIMARY KEY,
  since    timestamptz NOT NULL DEFAULT statement_timestamp()
);

-- What was held back and is a finding by now, or right: prices in another unit, jumps, odd bars, prices below zero.
INSERT INTO blob_to_read_again (blob_key)
SELECT DISTINCT blob_key FROM quarantine
WHERE resolved_at IS NULL
  AND (reason IN ('unit_suspect', 'implausible_jump', 'non_positive')
    OR finding->>'code' IN ('range_violated', 'isolated_price', 'unadjusted_split', 'units_mixed', 'unit_unlike_series'));
