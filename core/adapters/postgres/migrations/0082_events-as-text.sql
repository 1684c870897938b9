-- Up Migration

-- An event is written once and read whole: as `json` it is kept as the text that was written. To take it apart for `jsonb` and
-- put it together again took the database twice as long, for each row of quotes in it. Rewrites the table, which has the
-- events of a day: a second for each 300 events of 200 quotes.
SET LOCAL lock_timeout = '5s';
ALTER TABLE outbox ALTER COLUMN data TYPE json;
