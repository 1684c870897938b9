-- Up Migration
-- The monitor looks each minute for attempts that gave no outcome.

CREATE INDEX task_attempt_open ON task_attempt (started_at) WHERE finished_at IS NULL;
