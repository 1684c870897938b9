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
DO $$
BEGIN
  IF current_setting('server_version_num')::int >= 150000 THEN
    EXECUTE 'ALTER TABLE batch ADD CONSTRAINT batch_once UNIQUE NULLS NOT DISTINCT (blob_key, parser_version, replay)';
  ELSE
    -- PostgreSQL 14 holds every NULL for another.
    EXECUTE $index$
      CREATE UNIQUE INDEX batch_once ON batch
        (blob_key, parser_version, coalesce(replay, '00000000-0000-0000-0000-000000000000'))$index$;
  END IF;
END $$;
CREATE INDEX batch_of_replay ON batch (replay) WHERE replay IS NOT NULL;
-- What a replay finds in order again is closed, by blob.
CREATE INDEX quarantine_of_blob ON quarantine (blob_key) WHERE resolved_at IS NULL;
