-- Up Migration

-- What a source calls what its symbol means, as of which fetch: by another name it may mean something else.
ALTER TABLE symbol_alias ADD COLUMN name text, ADD COLUMN name_at timestamptz;
