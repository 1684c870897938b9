-- Up Migration
-- Raw blobs that are read anew.

-- A person asked for it: each blob of it is read once more, whether or not this version of the parser has read it before.
CREATE TABLE replay (
  id           uuid PRIMARY KEY,
  requested_at timestamptz NOT NULL,
  requested_by uuid,
  blobs        integer NOT NULL CHECK (blobs > 0)
);
ALTER TABLE batch ADD COLUMN replay uuid REFERENCES replay;
ALTER TABLE batch DROP CONSTRAINT batch_blob_key_parser_version_key;
ALTER TABLE batch ADD CONSTRAINT batch_once UNIQUE NULLS NOT DISTINCT (blob_key, parser_version, replay);
CREATE INDEX batch_of_replay ON batch (replay) WHERE replay IS NOT NULL;
-- What a replay finds in order again is closed, by blob.
CREATE INDEX quarantine_of_blob ON quarantine (blob_key) WHERE resolved_at IS NULL;
