-- Up Migration

SET LOCAL lock_timeout = '5s';
-- Which listings a source calls by a name that is not theirs: each price that is served says so.
CREATE INDEX finding_of_names ON finding (listing_id) WHERE rule = 'names' AND status = 'open';

-- Transactions that have changed which listings a list has, or what is watched. What is counted over all of a list stays right
-- as long as no row comes or goes here, so it is counted again only then. Prices that change are not among them.
CREATE TABLE list_change (
  tx xid8 PRIMARY KEY DEFAULT pg_current_xact_id(),
  at timestamptz NOT NULL DEFAULT now()
);

CREATE FUNCTION note_list_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO list_change DEFAULT VALUES ON CONFLICT DO NOTHING;
  RETURN NULL;
END $$;

-- Of rows, not of statements: the ones that update prices insert none, and then cost nothing.
CREATE TRIGGER list_changes AFTER INSERT OR DELETE ON latest_quote FOR EACH ROW EXECUTE FUNCTION note_list_change();
CREATE TRIGGER list_changes AFTER INSERT OR DELETE ON consolidated_quote FOR EACH ROW EXECUTE FUNCTION note_list_change();
CREATE TRIGGER list_changes AFTER INSERT OR UPDATE OR DELETE ON symbol_alias FOR EACH ROW EXECUTE FUNCTION note_list_change();
CREATE TRIGGER list_changes AFTER INSERT OR UPDATE OR DELETE ON listing FOR EACH ROW EXECUTE FUNCTION note_list_change();
CREATE TRIGGER list_changes AFTER UPDATE OR DELETE ON instrument FOR EACH ROW EXECUTE FUNCTION note_list_change();
CREATE TRIGGER list_changes AFTER INSERT OR UPDATE OR DELETE ON former_venue FOR EACH ROW EXECUTE FUNCTION note_list_change();
CREATE TRIGGER list_changes AFTER INSERT OR UPDATE OR DELETE ON watch FOR EACH ROW EXECUTE FUNCTION note_list_change();
