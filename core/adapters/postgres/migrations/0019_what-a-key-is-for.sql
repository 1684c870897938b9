-- Up Migration

-- Which licence classes a key may see. A constant default: the table is not rewritten, and the former release, which makes
-- keys without it, makes internal ones.
ALTER TABLE api_key ADD COLUMN use text NOT NULL DEFAULT 'internal'
  CHECK (use IN ('internal', 'display', 'redistribute'));
