-- Up Migration

SET LOCAL lock_timeout = '5s';
-- The class beside the symbol, so that a page of one class is read along an index, however few have it. Triggers keep it: the
-- former release writes symbols and classes too. No symbol moves to another listing, and no listing to another instrument.
ALTER TABLE symbol_alias ADD COLUMN asset_class text;

-- At the end of a statement, which may write instrument, listing and symbol in any order. The lock makes who changes the class
-- meanwhile wait, and find the symbol then.
CREATE FUNCTION note_class_of_symbols() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  WITH held AS MATERIALIZED (
    SELECT l.id, i.asset_class FROM listing l JOIN instrument i ON i.id = l.instrument_id
    WHERE l.id IN (SELECT listing_id FROM written) ORDER BY i.id FOR SHARE OF i)
  UPDATE symbol_alias a SET asset_class = held.asset_class FROM held
  WHERE a.listing_id = held.id AND a.asset_class IS DISTINCT FROM held.asset_class;
  RETURN NULL;
END $$;
CREATE TRIGGER class_of_symbols AFTER INSERT ON symbol_alias REFERENCING NEW TABLE AS written
  FOR EACH STATEMENT EXECUTE FUNCTION note_class_of_symbols();

CREATE FUNCTION note_changed_class() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE symbol_alias a SET asset_class = NEW.asset_class FROM listing l WHERE l.instrument_id = NEW.id AND a.listing_id = l.id;
  RETURN NULL;
END $$;
CREATE TRIGGER changed_class AFTER UPDATE OF asset_class ON instrument
  FOR EACH ROW WHEN (OLD.asset_class IS DISTINCT FROM NEW.asset_class) EXECUTE FUNCTION note_changed_class();

UPDATE symbol_alias a SET asset_class = i.asset_class
FROM listing l JOIN instrument i ON i.id = l.instrument_id WHERE l.id = a.listing_id;
