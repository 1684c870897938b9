-- Up Migration

SET LOCAL lock_timeout = '5s';

-- Nothing has agreed with the price yet: it is the first of its source, or the first after a step. A constant default: the
-- table is not rewritten, and what the former release writes is settled.
ALTER TABLE latest_quote ADD COLUMN provisional boolean NOT NULL DEFAULT false;

-- Oil closed below zero in April 2020, and rates do for years. What may not be is a matter of the checks. A partition
-- that was made by itself has the constraint by itself.
ALTER TABLE quote DROP CONSTRAINT IF EXISTS quote_price_check;
DO $$
DECLARE
  part regclass;
BEGIN
  FOR part IN SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent = 'quote'::regclass LOOP
    EXECUTE format('ALTER TABLE %s DROP CONSTRAINT IF EXISTS quote_price_check', part);
  END LOOP;
END $$;

-- Findings on quotes are few: they are looked for by the row, and by the batch that raised them.
CREATE INDEX IF NOT EXISTS finding_of_quote ON finding (listing_id, source, at) WHERE kind = 'quote';
CREATE INDEX IF NOT EXISTS finding_of_batch ON finding (batch_id) WHERE kind = 'quote';
