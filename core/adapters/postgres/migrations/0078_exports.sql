-- Up Migration

-- Files that somebody asked for, and how far the work on them is. `units` are the parts that it consists of, planned when the
-- work begins; `unit` of them are done, and of the next one `listing_at` listings.
CREATE TABLE export (
  id           uuid PRIMARY KEY,
  created_at   timestamptz NOT NULL,
  key_id       uuid,
  use          text NOT NULL,
  symbols      text[],
  exchange     text,
  intervals    text[] NOT NULL,
  from_date    date NOT NULL,
  to_date      date NOT NULL,
  left_out     text[] NOT NULL,
  -- In order of exchange and id.
  listings     integer[] NOT NULL,
  status       text NOT NULL DEFAULT 'waiting',
  failure      text,
  units        jsonb,
  unit         integer NOT NULL DEFAULT 0,
  listing_at   integer NOT NULL DEFAULT 0,
  rows         bigint NOT NULL DEFAULT 0,
  bytes        bigint NOT NULL DEFAULT 0,
  -- Failed tries since the last progress.
  tries        integer NOT NULL DEFAULT 0,
  finished_at  timestamptz,
  expires_at   timestamptz
);
CREATE INDEX export_by_creation ON export (created_at DESC, id);

CREATE TABLE export_file (
  export_id uuid NOT NULL REFERENCES export (id) ON DELETE CASCADE,
  n         integer NOT NULL,
  file      jsonb NOT NULL,
  PRIMARY KEY (export_id, n)
);
