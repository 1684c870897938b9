-- Up Migration

-- Behind which series the nightly judgement of stored bars goes on; no row at the beginning.
CREATE TABLE judged_place (
  one        boolean PRIMARY KEY DEFAULT true CHECK (one),
  listing_id integer NOT NULL,
  source     text NOT NULL
);
