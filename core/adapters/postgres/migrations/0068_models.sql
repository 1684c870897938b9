-- Up Migration

-- Model portfolios: what people bring, with weights. Prices are not part of them. `holdings` is a list of
-- {symbol, weight, sector}, weights as text, so that no digit is lost.
CREATE TABLE model (
  id text PRIMARY KEY CHECK (id ~ '^[a-z0-9][a-z0-9-]{0,63}$'),
  name text CHECK (length(name) BETWEEN 1 AND 120),
  holdings jsonb NOT NULL CHECK (jsonb_typeof(holdings) = 'array'),
  -- Rises with each change.
  revision integer NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL
);
