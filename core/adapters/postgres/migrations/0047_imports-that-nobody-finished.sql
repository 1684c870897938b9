-- Up Migration

SET LOCAL lock_timeout = '5s';
-- What was uploaded of them is deleted after a month.
CREATE INDEX import_unfinished ON import (expires_at) WHERE finished_at IS NULL;
