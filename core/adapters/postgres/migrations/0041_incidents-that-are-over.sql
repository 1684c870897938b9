-- Up Migration

-- The monitor asks each minute for the incidents of a source that are open, or over since not long.
SET LOCAL lock_timeout = '5s';
CREATE INDEX incident_resolved ON incident (source_id, resolved_at);
