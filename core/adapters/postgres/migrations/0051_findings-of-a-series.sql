-- Up Migration

SET LOCAL lock_timeout = '5s';
-- What is known of the rows of a series, now or at an instant: that of rows that say something else by now, too.
CREATE INDEX finding_of_series ON finding (listing_id, source);
