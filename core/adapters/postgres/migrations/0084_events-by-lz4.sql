-- Up Migration

SET LOCAL lock_timeout = '5s';
-- Events are written once and read twice or so. The method by which Postgres compresses by itself cost a third of the time of
-- writing one of 200 quotes; by this one it takes a third more room. Holds for rows that are written from now on. A server that
-- was built without it keeps the other.
DO $$
BEGIN
  ALTER TABLE outbox ALTER COLUMN data SET COMPRESSION lz4;
EXCEPTION WHEN feature_not_supported THEN NULL;
END $$;
