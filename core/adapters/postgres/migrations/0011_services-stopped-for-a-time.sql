-- Up Migration
-- A service may be stopped until an instant, as a source may.

ALTER TABLE service_state ADD COLUMN stopped_until timestamptz;

-- What handlers ask: a stop whose time is over is none, and what follows it counts from its end.
CREATE FUNCTION service_at(at timestamptz)
RETURNS TABLE (service_id text, running boolean, changed_at timestamptz, stopped_until timestamptz)
LANGUAGE sql STABLE AS $$
  SELECT s.service_id, s.running OR o.over, CASE WHEN o.over THEN s.stopped_until ELSE s.changed_at END,
         CASE WHEN NOT s.running AND NOT o.over THEN s.stopped_until END
  FROM service_state s CROSS JOIN LATERAL (SELECT NOT s.running AND coalesce(s.stopped_until <= at, false) AS over) o
$$;
