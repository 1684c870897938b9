-- Up Migration
-- Of two versions of the parser that read a blob at the same time, during a deployment, one opens its batch.
SET LOCAL lock_timeout = '5s';
CREATE UNIQUE INDEX batch_first_reading ON batch (blob_key) WHERE first_reading;
