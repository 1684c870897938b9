-- Up Migration
-- A source that fails and recovers again and again is one incident: how often it came back.
ALTER TABLE incident ADD COLUMN bouts integer NOT NULL DEFAULT 0;
