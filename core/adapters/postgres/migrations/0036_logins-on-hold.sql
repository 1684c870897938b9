-- A login that needs a person (a second factor, a locked account) or time is remembered beside its credentials: what the
-- source wants, as the detail of the failure, since when, and until when where it is over by itself.
ALTER TABLE source_credentials
  ADD COLUMN login_held jsonb,
  ADD COLUMN login_held_at timestamptz,
  ADD COLUMN login_held_until timestamptz;
