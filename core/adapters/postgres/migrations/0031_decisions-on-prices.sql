-- Up Migration

SET LOCAL lock_timeout = '5s';

-- What a decision was made of, since when its source and confidence are as they are, and whose change, bid and ask stand
-- beside a coin's price that has none. Nullable: the former release writes none of them.
ALTER TABLE consolidated_quote ADD COLUMN inputs jsonb, ADD COLUMN since timestamptz, ADD COLUMN complement text;

-- Decisions that were replaced by one with another source or confidence. They held in [since, known_to).
CREATE TABLE consolidated_quote_revision (
  listing_id integer NOT NULL,
  source     text NOT NULL,
  rule       text NOT NULL,
  spread     numeric,
  confidence text NOT NULL,
  candidates integer NOT NULL,
  inputs     jsonb,
  since      timestamptz NOT NULL,
  known_to   timestamptz NOT NULL
);
CREATE INDEX consolidated_quote_revision_key ON consolidated_quote_revision (listing_id, known_to);
CREATE INDEX consolidated_quote_revision_old ON consolidated_quote_revision (known_to);

CREATE FUNCTION keep_decision_revision() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO consolidated_quote_revision
    (listing_id, source, rule, spread, confidence, candidates, inputs, since, known_to)
  SELECT o.listing_id, o.source, o.rule, o.spread, o.confidence, o.candidates, o.inputs, coalesce(o.since, o.decided_at),
         n.decided_at
  FROM replaced o JOIN replacing n USING (listing_id)
  WHERE (o.source, o.confidence) IS DISTINCT FROM (n.source, n.confidence);
  RETURN NULL;
END $$;
CREATE TRIGGER consolidated_quote_revision AFTER UPDATE ON consolidated_quote
  REFERENCING OLD TABLE AS replaced NEW TABLE AS replacing
  FOR EACH STATEMENT EXECUTE FUNCTION keep_decision_revision();
