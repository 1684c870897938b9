-- Up Migration

SET LOCAL lock_timeout = '5s';
-- A batch that is deleted is looked for here, and rows that are settled are deleted by their age.
CREATE INDEX quarantine_of_batch ON quarantine (batch_id);
CREATE INDEX quarantine_settled ON quarantine (resolved_at, id) WHERE resolved_at IS NOT NULL;
