-- Up Migration

-- Events that the relay has taken and not acknowledged: their positions are written to the outbox, in one update, when it
-- does. A relay that died leaves its claims, and the next one sends the same events with the same positions.
CREATE TABLE relay_claim (
  last_position bigint PRIMARY KEY,
  token         bigint NOT NULL,
  ids           bigint[] NOT NULL,
  positions     bigint[] NOT NULL CHECK (cardinality(positions) = cardinality(ids))
);
