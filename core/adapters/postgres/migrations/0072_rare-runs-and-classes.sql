-- Up Migration

SET LOCAL lock_timeout = '5s';
-- Where a list of failed runs begins: there are few in a history of runs, and the newest are asked for.
CREATE INDEX task_failed ON task (due_at DESC, run_id) INCLUDE (source_id) WHERE status = 'failed';
-- A class of which there are few, or none, is not sought among all instruments.
CREATE INDEX instrument_of_class ON instrument (asset_class);
