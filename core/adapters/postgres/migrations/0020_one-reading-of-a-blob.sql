-- Up Migration
-- A blob is read once, whichever version of the parser reads it; only a replay reads it again.

-- True on the batch that a blob's own message made. NULL on replays, and on batches of releases that did not say it: they
-- may have read a blob once by each version. Its index is a migration of its own, which locks out nobody who reads.
ALTER TABLE batch ADD COLUMN first_reading boolean;
