-- Up Migration

SET LOCAL lock_timeout = '5s';
-- `finding_of_any_batch` has its rows, too.
DROP INDEX IF EXISTS finding_of_batch;
