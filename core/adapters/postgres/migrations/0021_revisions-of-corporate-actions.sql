-- Up Migration

-- When Quotron knew of a split or payment, as of bars. Of rows of before, and of those that the former release writes, it is
-- when they were fetched.
ALTER TABLE corporate_action ADD COLUMN ingested_at timestamptz;

CREATE TABLE corporate_action_revision (
  listing_id  integer NOT NULL,
  type        text NOT NULL,
  ex_date     date NOT NULL,
  source      text NOT NULL,
  ratio       numeric,
  amount      numeric,
  currency    text,
  known_at    timestamptz NOT NULL,
  ingested_at timestamptz,
  batch_id    bigint NOT NULL,
  known_to    timestamptz NOT NULL
);
CREATE INDEX corporate_action_revision_of_listing ON corporate_action_revision (listing_id, known_to);

-- A listing has few of them, so a trigger per row costs nothing, and the former release need not know of it.
CREATE FUNCTION keep_corporate_action_revision() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.ingested_at := greatest(statement_timestamp(), OLD.ingested_at + interval '1 microsecond');
  INSERT INTO corporate_action_revision
    (listing_id, type, ex_date, source, ratio, amount, currency, known_at, ingested_at, batch_id, known_to)
  VALUES (OLD.listing_id, OLD.type, OLD.ex_date, OLD.source, OLD.ratio, OLD.amount, OLD.currency, OLD.known_at,
          OLD.ingested_at, OLD.batch_id, NEW.ingested_at);
  RETURN NEW;
END $$;
CREATE TRIGGER corporate_action_revision BEFORE UPDATE ON corporate_action
  FOR EACH ROW WHEN ((OLD.ratio, OLD.amount, OLD.currency) IS DISTINCT FROM (NEW.ratio, NEW.amount, NEW.currency))
  EXECUTE FUNCTION keep_corporate_action_revision();
