-- Up Migration

SET LOCAL lock_timeout = '5s';
-- Whether some tasks of a run have succeeded and others failed: such runs are few, and no index of tasks has them. What is true
-- once stays: a late success may make a run whole, and who reads looks at its tasks.
ALTER TABLE run ADD COLUMN mixed boolean NOT NULL DEFAULT false;

-- The lock lets the last of two tasks that end at once see the other. Most runs have one task and need none.
CREATE FUNCTION note_mixed_run() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM task WHERE run_id = NEW.run_id AND part <> NEW.part) THEN
    RETURN NULL;
  END IF;
  PERFORM FROM run WHERE id = NEW.run_id AND NOT mixed FOR NO KEY UPDATE;
  IF FOUND AND EXISTS (SELECT FROM task WHERE run_id = NEW.run_id AND status = 'failed')
     AND EXISTS (SELECT FROM task WHERE run_id = NEW.run_id AND status = 'succeeded') THEN
    UPDATE run SET mixed = true WHERE id = NEW.run_id;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER task_ends AFTER INSERT OR UPDATE OF status ON task FOR EACH ROW
  WHEN (NEW.status IN ('failed', 'succeeded')) EXECUTE FUNCTION note_mixed_run();
