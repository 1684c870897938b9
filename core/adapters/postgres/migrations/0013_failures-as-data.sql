-- Up Migration
-- Which failure it was, as a code with its figures (core/contracts/words/failure-details.ts), beside the message for
-- people. NULL where nothing failed, and in rows of a release before there were codes.

ALTER TABLE task ADD COLUMN detail jsonb;
ALTER TABLE task_attempt ADD COLUMN detail jsonb;
ALTER TABLE batch ADD COLUMN detail jsonb;
ALTER TABLE recovery ADD COLUMN detail jsonb;
ALTER TABLE source_health ADD COLUMN detail jsonb, ADD COLUMN failure_detail jsonb;

-- What a check found wrong with a row (core/contracts/words/row-findings.ts); `detail` says it to people.
ALTER TABLE quarantine ADD COLUMN finding jsonb;
