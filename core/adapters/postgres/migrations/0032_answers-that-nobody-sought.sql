-- Up Migration
-- The index was built in 0016, which had the lock of `quote` meanwhile. A database that ran it then has it.
SET LOCAL lock_timeout = '5s';
CREATE INDEX IF NOT EXISTS task_attempt_unsought ON task_attempt (finished_at) WHERE blob_key IS NOT NULL AND NOT batch_sought;
