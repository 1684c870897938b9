-- Up Migration

-- Which answers the proxy got, and when: each different one has a row and a blob. It held from `from_at` until the next row
-- of its key; `to_at` is when it was last heard again.
CREATE TABLE proxy_answer (
  -- Route, place and normalised parameters.
  key          text NOT NULL,
  from_at      timestamptz NOT NULL,
  to_at        timestamptz NOT NULL,
  status       smallint NOT NULL,
  -- The blob of its body, which is named by its content.
  blob         text NOT NULL,
  -- For how long after `to_at` the proxy would still have given it.
  keep_seconds integer NOT NULL,
  PRIMARY KEY (key, from_at)
);
CREATE INDEX proxy_answer_over ON proxy_answer (to_at);
