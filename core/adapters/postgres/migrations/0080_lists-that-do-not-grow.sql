-- Up Migration

SET LOCAL lock_timeout = '5s';
-- Of one reason, whatever the source: without it a reason that few rows have is sought among all that are open.
CREATE INDEX quarantine_open_reason ON quarantine (reason, id) WHERE resolved_at IS NULL;

-- Of runs of before the trigger. Those of now, of the former release too, it notes itself.
UPDATE run SET mixed = true WHERE id IN (
  SELECT f.run_id FROM task f
  WHERE f.status = 'failed' AND EXISTS (SELECT FROM task s WHERE s.run_id = f.run_id AND s.status = 'succeeded'));
-- Where a list of partial runs begins.
CREATE INDEX run_mixed ON run (due_at DESC, id) WHERE mixed;
