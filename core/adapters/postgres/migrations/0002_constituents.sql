-- Up Migration
-- What indices are made of, one snapshot per index, source and day, and pictures of pages that failed.

-- `date` is the day of the fetch in the zone of the index. `confirmed_at` is the last fetch of that day.
CREATE TABLE constituent_snapshot (
  index_listing_id integer NOT NULL REFERENCES listing,
  source           text NOT NULL,
  date             date NOT NULL,
  fetched_at       timestamptz NOT NULL,
  confirmed_at     timestamptz NOT NULL,
  batch_id         bigint NOT NULL REFERENCES batch,
  PRIMARY KEY (index_listing_id, source, date)
);

-- A member on a day. `price` is what stood beside it, and NULL where the checks held that price back.
CREATE TABLE constituent (
  index_listing_id integer NOT NULL,
  source           text NOT NULL,
  date             date NOT NULL,
  listing_id       integer NOT NULL REFERENCES listing,
  rank             integer NOT NULL,
  weight           numeric NOT NULL CHECK (weight >= 0 AND weight <= 1),
  price            numeric CHECK (price > 0),
  previous_close   numeric,
  change           numeric GENERATED ALWAYS AS (price - previous_close) STORED,
  change_fraction  numeric GENERATED ALWAYS AS (round((price - previous_close) / nullif(previous_close, 0), 10)) STORED,
  currency         text NOT NULL,
  fetched_at       timestamptz NOT NULL,
  ingested_at      timestamptz NOT NULL DEFAULT now(),
  batch_id         bigint NOT NULL,
  PRIMARY KEY (index_listing_id, source, date, listing_id),
  FOREIGN KEY (index_listing_id, source, date) REFERENCES constituent_snapshot
);
CREATE INDEX constituent_of ON constituent (listing_id, date);

-- Rows of `constituent` that were replaced, or whose member was gone in a later fetch of the day. They were current in
-- [ingested_at, known_to).
CREATE TABLE constituent_revision (
  index_listing_id integer NOT NULL,
  source           text NOT NULL,
  date             date NOT NULL,
  listing_id       integer NOT NULL,
  rank             integer NOT NULL,
  weight           numeric NOT NULL,
  price            numeric,
  previous_close   numeric,
  change           numeric,
  change_fraction  numeric,
  currency         text NOT NULL,
  fetched_at       timestamptz NOT NULL,
  ingested_at      timestamptz NOT NULL,
  batch_id         bigint NOT NULL,
  known_to         timestamptz NOT NULL
);
CREATE INDEX constituent_revision_key ON constituent_revision (index_listing_id, source, date, ingested_at);

CREATE FUNCTION keep_constituent_revision() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO constituent_revision SELECT o.*, statement_timestamp() FROM replaced o;
  RETURN NULL;
END $$;
CREATE TRIGGER constituent_replaced AFTER UPDATE ON constituent
  REFERENCING OLD TABLE AS replaced FOR EACH STATEMENT EXECUTE FUNCTION keep_constituent_revision();
CREATE TRIGGER constituent_gone AFTER DELETE ON constituent
  REFERENCING OLD TABLE AS replaced FOR EACH STATEMENT EXECUTE FUNCTION keep_constituent_revision();

-- S3 keys, in the order in which they were made.
ALTER TABLE task_attempt ADD COLUMN artifacts text[] NOT NULL DEFAULT '{}';
