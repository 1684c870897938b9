-- Up Migration

-- `maintain` makes partitions daily and need not own the schema for it: the function does so as its owner, with its own
-- schema first and temporary tables of its caller last.
DO $$
BEGIN
  EXECUTE format(
    'ALTER FUNCTION maintain_quote_partitions(timestamptz) SECURITY DEFINER SET search_path = %I, pg_temp', current_schema()
  );
END $$;
