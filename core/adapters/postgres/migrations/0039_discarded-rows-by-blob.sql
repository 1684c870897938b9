-- Up Migration

-- What was discarded of a blob that is read again, and the list of what was discarded.
SET LOCAL lock_timeout = '5s';
CREATE INDEX quarantine_discarded ON quarantine (blob_key) WHERE discarded_at IS NOT NULL;
