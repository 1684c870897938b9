-- Up Migration

SET LOCAL lock_timeout = '5s';
-- Postgres looks here for each batch that is deleted: the column is a foreign key.
CREATE INDEX constituent_snapshot_of_batch ON constituent_snapshot (batch_id);
