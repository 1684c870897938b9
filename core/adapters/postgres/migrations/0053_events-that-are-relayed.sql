-- Up Migration

-- Each event has an id that followers know it by, and the relay gives it a position, in the order in which it is told. Rows
-- of before have neither: nobody has read them, and they are over.
SET LOCAL lock_timeout = '5s';
ALTER TABLE outbox ADD COLUMN event_id uuid, ADD COLUMN position bigint;
ALTER TABLE outbox ALTER COLUMN event_id SET DEFAULT gen_random_uuid();
CREATE SEQUENCE event_position;

-- One row: up to which position events have been removed, and up to which id nothing is told.
CREATE TABLE event_feed (
  id         integer PRIMARY KEY DEFAULT 1 CHECK (id = 1),
  removed_to bigint NOT NULL DEFAULT 0,
  untold_to  bigint NOT NULL
);
INSERT INTO event_feed (untold_to) SELECT coalesce(max(id), 0) FROM outbox;
