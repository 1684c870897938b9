-- Up Migration

SET LOCAL lock_timeout = '5s';
-- A class of which there are few, or none, is not sought among all instruments.
CREATE INDEX instrument_of_class ON instrument (asset_class);
