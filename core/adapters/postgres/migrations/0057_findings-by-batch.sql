-- Up Migration

SET LOCAL lock_timeout = '5s';
-- A batch that is deleted is looked for among all findings: `finding_of_batch` has those on quotes only.
CREATE INDEX finding_of_any_batch ON finding (batch_id);
