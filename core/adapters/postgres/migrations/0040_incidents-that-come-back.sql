-- Up Migration
-- A source that fails and recovers again and again is one incident: how often it came back.
ALTER TABLE incident ADD COLUMN bouts integer NOT NULL DEFAULT 0;
-- The monitor asks each minute for those of a source that are open or over since not long.
CREATE INDEX incident_resolved ON incident (source_id, resolved_at);
