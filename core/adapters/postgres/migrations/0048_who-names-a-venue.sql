-- Up Migration

SET LOCAL lock_timeout = '5s';

-- The exchange that the source last named for its symbol. Null: it named none, or nobody noted it then.
ALTER TABLE symbol_alias ADD COLUMN mic text;
