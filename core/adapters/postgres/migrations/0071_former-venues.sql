-- Up Migration

-- The exchanges that listings have had, each until a day: from then on the next one, or the listing's own, is valid.
CREATE TABLE former_venue (
  listing_id integer NOT NULL REFERENCES listing (id),
  mic        text NOT NULL,
  zone       text NOT NULL,
  valid_to   date NOT NULL,
  PRIMARY KEY (listing_id, valid_to)
);
