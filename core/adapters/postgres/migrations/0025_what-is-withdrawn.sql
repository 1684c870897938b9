-- Up Migration
SET LOCAL lock_timeout = '5s';

-- Since when a source does not tell a row of the past any more: the fetch of the answer that left it out. Such a row is kept
-- and not used, until an answer has it again.
ALTER TABLE bar ADD COLUMN withdrawn_at timestamptz;
ALTER TABLE bar_revision ADD COLUMN withdrawn_at timestamptz;
ALTER TABLE corporate_action ADD COLUMN withdrawn_at timestamptz;
ALTER TABLE corporate_action_revision ADD COLUMN withdrawn_at timestamptz;

CREATE OR REPLACE FUNCTION keep_bar_revision() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO bar_revision
    (listing_id, source, interval, starts_at, date, open, high, low, close, volume, currency, minor_factor, basis, basis_at,
     stale, fetched_at, ingested_at, batch_id, withdrawn_at, known_to)
  SELECT o.listing_id, o.source, o.interval, o.starts_at, o.date, o.open, o.high, o.low, o.close, o.volume, o.currency,
         o.minor_factor, o.basis, o.basis_at, o.stale, o.fetched_at, o.ingested_at, o.batch_id, o.withdrawn_at, n.ingested_at
  FROM replaced o JOIN replacing n USING (listing_id, source, interval, starts_at)
  WHERE o.withdrawn_at IS DISTINCT FROM n.withdrawn_at
    OR (o.batch_id <> n.batch_id AND (o.open, o.high, o.low, o.close, o.volume, o.basis)
                                       IS DISTINCT FROM (n.open, n.high, n.low, n.close, n.volume, n.basis));
  RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION keep_corporate_action_revision() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.ingested_at := greatest(statement_timestamp(), OLD.ingested_at + interval '1 microsecond');
  INSERT INTO corporate_action_revision
    (listing_id, type, ex_date, source, ratio, amount, currency, known_at, ingested_at, batch_id, withdrawn_at, known_to)
  VALUES (OLD.listing_id, OLD.type, OLD.ex_date, OLD.source, OLD.ratio, OLD.amount, OLD.currency, OLD.known_at,
          OLD.ingested_at, OLD.batch_id, OLD.withdrawn_at, NEW.ingested_at);
  RETURN NEW;
END $$;
DROP TRIGGER corporate_action_revision ON corporate_action;
CREATE TRIGGER corporate_action_revision BEFORE UPDATE ON corporate_action
  FOR EACH ROW WHEN ((OLD.ratio, OLD.amount, OLD.currency, OLD.withdrawn_at)
                     IS DISTINCT FROM (NEW.ratio, NEW.amount, NEW.currency, NEW.withdrawn_at))
  EXECUTE FUNCTION keep_corporate_action_revision();

-- Which ranges answers have spoken for: one that was fetched earlier and comes later has no say there any more.
CREATE TABLE answered_range (
  listing_id integer NOT NULL,
  source     text NOT NULL,
  interval   text NOT NULL,
  from_at    timestamptz NOT NULL,
  to_at      timestamptz NOT NULL,
  fetched_at timestamptz NOT NULL,
  PRIMARY KEY (listing_id, source, interval, from_at, fetched_at)
);
CREATE INDEX answered_range_by_age ON answered_range (fetched_at);
