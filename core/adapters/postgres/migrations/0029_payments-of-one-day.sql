-- Up Migration
SET LOCAL lock_timeout = '5s';

-- Several payments of one kind on one day, {"sum", "of": [{"amount", "currency"}]}: `amount` is their sum, which is what the
-- former release reads. NULL on all other rows, and without meaning where the sum is not `amount` any more.
ALTER TABLE corporate_action ADD COLUMN parts jsonb;
ALTER TABLE corporate_action_revision ADD COLUMN parts jsonb;

CREATE OR REPLACE FUNCTION keep_corporate_action_revision() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.ingested_at := greatest(statement_timestamp(), OLD.ingested_at + interval '1 microsecond');
  INSERT INTO corporate_action_revision
    (listing_id, type, ex_date, source, ratio, amount, currency, parts, known_at, ingested_at, batch_id, withdrawn_at, known_to)
  VALUES (OLD.listing_id, OLD.type, OLD.ex_date, OLD.source, OLD.ratio, OLD.amount, OLD.currency, OLD.parts, OLD.known_at,
          OLD.ingested_at, OLD.batch_id, OLD.withdrawn_at, NEW.ingested_at);
  RETURN NEW;
END $$;
DROP TRIGGER corporate_action_revision ON corporate_action;
CREATE TRIGGER corporate_action_revision BEFORE UPDATE ON corporate_action
  FOR EACH ROW WHEN ((OLD.ratio, OLD.amount, OLD.currency, OLD.parts, OLD.withdrawn_at)
                     IS DISTINCT FROM (NEW.ratio, NEW.amount, NEW.currency, NEW.parts, NEW.withdrawn_at))
  EXECUTE FUNCTION keep_corporate_action_revision();
