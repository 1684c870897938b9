-- Up Migration

SET LOCAL lock_timeout = '5s';
-- How many requests a source was permitted on a day: read with each permit that is taken and each look at a source, where
-- thousands of rows of `permit` were counted by the evening.
CREATE TABLE permit_day (
  source_id text NOT NULL,
  -- When it begins, in UTC.
  day       timestamptz NOT NULL,
  used      integer NOT NULL,
  PRIMARY KEY (source_id, day)
);

-- By triggers and not by who takes permits: the former release writes them too, while this one is rolled out.
CREATE FUNCTION count_permits() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    INSERT INTO permit_day AS d (source_id, day, used)
    SELECT source_id, date_trunc('day', used_at, 'UTC'), count(*) FROM taken WHERE used_at IS NOT NULL GROUP BY 1, 2 ORDER BY 1, 2
    ON CONFLICT (source_id, day) DO UPDATE SET used = d.used + excluded.used;
  ELSE
    UPDATE permit_day d SET used = d.used - g.used
    FROM (SELECT source_id, date_trunc('day', used_at, 'UTC') AS day, count(*) AS used FROM gone WHERE used_at IS NOT NULL GROUP BY 1, 2) g
    WHERE d.source_id = g.source_id AND d.day = g.day;
  END IF;
  RETURN NULL;
END $$;

-- Of one that was reserved and is used now, or whose time was moved because a clock had been wrong.
CREATE FUNCTION count_moved_permit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE permit_day SET used = used - 1 WHERE source_id = OLD.source_id AND day = date_trunc('day', OLD.used_at, 'UTC');
  INSERT INTO permit_day AS d (source_id, day, used)
  SELECT NEW.source_id, date_trunc('day', NEW.used_at, 'UTC'), 1 WHERE NEW.used_at IS NOT NULL
  ON CONFLICT (source_id, day) DO UPDATE SET used = d.used + 1;
  RETURN NULL;
END $$;

-- Nobody takes a permit between the first trigger and the end of the migration, so none is missed or counted twice.
CREATE TRIGGER permits_taken AFTER INSERT ON permit REFERENCING NEW TABLE AS taken FOR EACH STATEMENT EXECUTE FUNCTION count_permits();
CREATE TRIGGER permits_gone AFTER DELETE ON permit REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION count_permits();
CREATE TRIGGER permit_moved AFTER UPDATE OF used_at ON permit
  FOR EACH ROW WHEN (OLD.used_at IS DISTINCT FROM NEW.used_at) EXECUTE FUNCTION count_moved_permit();

INSERT INTO permit_day (source_id, day, used)
SELECT source_id, date_trunc('day', used_at, 'UTC'), count(*) FROM permit WHERE used_at IS NOT NULL GROUP BY 1, 2;
