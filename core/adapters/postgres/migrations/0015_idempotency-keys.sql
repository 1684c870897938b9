-- Up Migration

-- Which request an Idempotency-Key was first used for. Both are hashes: of the API key, the path and the key, and of
-- these and the body.
CREATE TABLE idempotency_key (
  hash bytea PRIMARY KEY,
  request bytea NOT NULL,
  first_used_at timestamptz NOT NULL
);
