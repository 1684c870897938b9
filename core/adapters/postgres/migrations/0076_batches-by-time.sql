-- Up Migration

SET LOCAL lock_timeout = '5s';
CREATE INDEX IF NOT EXISTS batch_ingested ON batch (ingested_at);
