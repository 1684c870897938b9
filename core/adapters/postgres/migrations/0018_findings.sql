-- Up Migration

-- What speaks against rows that are stored as they came (core/prices/rules). `row_key` names the rule and the row: of one
-- row there is at most one finding of a rule, until it is gone. `said` is what the row said when it was judged.
CREATE TABLE finding (
  id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  listing_id integer NOT NULL,
  source     text NOT NULL,
  row_key    text NOT NULL,
  rule       text NOT NULL,
  severity   text NOT NULL,
  kind       text NOT NULL,
  interval   text,
  date       date,
  at         timestamptz,
  said       numeric,
  evidence   jsonb NOT NULL,
  proposal   jsonb,
  status     text NOT NULL DEFAULT 'open',
  opened_at  timestamptz NOT NULL DEFAULT statement_timestamp(),
  closed_at  timestamptz,
  decided_by text,
  batch_id   bigint NOT NULL
);
CREATE UNIQUE INDEX finding_of_row ON finding (listing_id, source, row_key) WHERE status <> 'gone';
CREATE INDEX finding_open ON finding (id) WHERE status = 'open';
