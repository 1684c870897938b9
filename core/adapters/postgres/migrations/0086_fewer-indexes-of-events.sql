-- Up Migration

-- Each event that is published is written to each index of its table. What is removed is found by position: events are
-- published in its order, but for those that a transport did not take at first, which wait for those before them to be gone.
SET LOCAL lock_timeout = '5s';
DROP INDEX outbox_published;
-- Ids and positions that follow each other: to compress them took as long as all else of a claim.
ALTER TABLE relay_claim ALTER COLUMN ids SET STORAGE EXTERNAL, ALTER COLUMN positions SET STORAGE EXTERNAL;
