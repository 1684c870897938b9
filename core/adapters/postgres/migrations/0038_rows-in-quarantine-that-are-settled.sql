-- Up Migration

-- When a row was first held back, kept while its blob is read again; NULL is `at`. And who decided that nothing is to be
-- done about it, and why: such a row is resolved, and stays so when its blob is read again.
ALTER TABLE quarantine
  ADD COLUMN first_seen_at timestamptz,
  ADD COLUMN discarded_at timestamptz,
  ADD COLUMN discarded_by uuid,
  ADD COLUMN discarded_because text;

-- Of a replay: how many rows of the blob left the quarantine.
ALTER TABLE batch ADD COLUMN released integer;
