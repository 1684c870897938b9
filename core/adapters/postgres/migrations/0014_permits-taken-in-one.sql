-- An attempt begins when there is room for all of its requests and takes the permit for the first. How many more it was
-- promised stands with that permit until it takes them; the former release leaves it at none.
ALTER TABLE permit ADD COLUMN promised integer NOT NULL DEFAULT 0;
