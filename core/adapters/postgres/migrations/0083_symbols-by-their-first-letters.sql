-- Up Migration

SET LOCAL lock_timeout = '5s';
-- Symbols in the order of their bytes, whatever the collation of the database: those that begin with a text are next to each
-- other in it, and a page of a search begins there.
CREATE INDEX symbol_alias_letters ON symbol_alias (symbol COLLATE "C") WHERE namespace = 'canonical';
