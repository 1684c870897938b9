-- Files that people bring: an import, and the parts that it is cut into. What is read of them is a run like any other,
-- of the same id.
CREATE TABLE import (
  -- Of its run, too: made of source, job, trigger and slot as the id of any run.
  id          uuid PRIMARY KEY,
  slot        text NOT NULL,
  kind        text NOT NULL CHECK (kind IN ('quotes', 'bars')),
  licence     text NOT NULL CHECK (licence IN ('display', 'internal', 'redistribute', 'unknown')),
  source_id   text NOT NULL,
  -- The source whose raw answers the parts are; null for rows.
  answers_of  text,
  label       text,
  key_id      uuid,
  created_at  timestamptz NOT NULL,
  expires_at  timestamptz NOT NULL,
  -- When it was closed: its parts are tasks from then on.
  finished_at timestamptz
);
CREATE INDEX import_recent ON import (created_at DESC, id);

CREATE TABLE import_part (
  import_id uuid NOT NULL REFERENCES import ON DELETE CASCADE,
  part      integer NOT NULL CHECK (part >= 0),
  bytes     integer NOT NULL CHECK (bytes > 0),
  sha256    text NOT NULL,
  PRIMARY KEY (import_id, part)
);
