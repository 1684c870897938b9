-- Up Migration

SET LOCAL lock_timeout = '5s';
-- The days of which bars are held back, one step a day however many rows there are of it. What a source said is cut, since
-- an entry of an index has a limit, and a number is only read where it is a time that has a day.
CREATE INDEX quarantine_of_days ON quarantine (
  source_id,
  symbol,
  (left(row->>'interval', 8)),
  (left(row->>'date', 10) COLLATE "C"),
  (CASE WHEN jsonb_typeof(row->'startsAt') = 'number' THEN
     CASE WHEN (row->'startsAt')::numeric BETWEEN -5364662400000 AND 253370764800000 THEN (row->'startsAt')::float8 END
   END)
) WHERE resolved_at IS NULL AND left(row->>'interval', 8) IS NOT NULL;
