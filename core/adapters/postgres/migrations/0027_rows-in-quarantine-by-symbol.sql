-- Up Migration

SET LOCAL lock_timeout = '5s';
-- The rows of a symbol that are held back, for the ledger of completeness.
CREATE INDEX quarantine_of_symbol ON quarantine (source_id, symbol) WHERE resolved_at IS NULL;
