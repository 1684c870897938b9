-- Up Migration

SET LOCAL lock_timeout = '5s';
CREATE INDEX latest_quote_price ON latest_quote (price_step);
CREATE INDEX latest_quote_change_fraction ON latest_quote (change_fraction_step) WHERE change_fraction_step IS NOT NULL;
CREATE INDEX latest_quote_volume ON latest_quote (volume_step) WHERE volume_step IS NOT NULL;
-- Prices that another source completes: their change is not what their own row says.
CREATE INDEX consolidated_quote_completed ON consolidated_quote (listing_id) WHERE complement IS NOT NULL;
