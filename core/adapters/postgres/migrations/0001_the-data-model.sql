-- Up Migration
-- The data model of docs/architecture.md, "Data". Times are timestamptz, prices are unbounded numeric in major units.

-- Identity -----------------------------------------------------------------------------------------------------------

CREATE TABLE instrument (
  id          integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  asset_class text NOT NULL,
  name        text,
  figi        text UNIQUE,
  isin        text,
  status      text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'delisted')),
  created_at  timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE listing (
  id            integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  instrument_id integer NOT NULL REFERENCES instrument,
  mic           text NOT NULL,
  currency      text NOT NULL,
  minor_factor  integer NOT NULL DEFAULT 1 CHECK (minor_factor > 0),
  zone          text NOT NULL,
  UNIQUE (instrument_id, mic, currency)
);

-- A symbol means a listing for a time: [valid_from, valid_to). Namespace is 'canonical' or a source's id.
CREATE TABLE symbol_alias (
  namespace  text NOT NULL,
  symbol     text NOT NULL,
  listing_id integer NOT NULL REFERENCES listing,
  valid_from date NOT NULL DEFAULT '-infinity',
  valid_to   date NOT NULL DEFAULT 'infinity',
  PRIMARY KEY (namespace, symbol, valid_to),
  CHECK (valid_from < valid_to)
);
CREATE INDEX symbol_alias_listing ON symbol_alias (listing_id);

-- Runs ---------------------------------------------------------------------------------------------------------------

CREATE TABLE run (
  id         uuid PRIMARY KEY,
  source_id  text NOT NULL,
  job        text NOT NULL,
  kind       text NOT NULL,
  trigger    text NOT NULL,
  slot       text NOT NULL,
  due_at     timestamptz NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (source_id, job, trigger, slot)
);
CREATE INDEX run_recent ON run (due_at DESC, id);
CREATE INDEX run_of_source ON run (source_id, due_at DESC);

-- A task ends once: `finished_at` is set by the first terminal outcome and never again.
CREATE TABLE task (
  run_id      uuid NOT NULL REFERENCES run,
  part        integer NOT NULL,
  source_id   text NOT NULL,
  symbols     text[] NOT NULL,
  status      text NOT NULL DEFAULT 'planned'
              CHECK (status IN ('planned', 'queued', 'running', 'fetched', 'succeeded', 'failed')),
  reason      text,
  message     text,
  attempt     integer NOT NULL DEFAULT 0,
  lease_until timestamptz,
  due_at      timestamptz NOT NULL,
  planned_at  timestamptz NOT NULL DEFAULT now(),
  queued_at   timestamptz,
  finished_at timestamptz,
  accepted    integer NOT NULL DEFAULT 0,
  rejected    integer NOT NULL DEFAULT 0,
  batch_id    bigint,
  PRIMARY KEY (run_id, part),
  CHECK ((finished_at IS NOT NULL) = (status IN ('succeeded', 'failed')))
);
CREATE INDEX task_open ON task (due_at) WHERE finished_at IS NULL;
CREATE INDEX task_finished ON task (source_id, finished_at DESC) WHERE finished_at IS NOT NULL;

CREATE TABLE task_attempt (
  run_id      uuid NOT NULL,
  part        integer NOT NULL,
  attempt     integer NOT NULL,
  worker      text NOT NULL,
  started_at  timestamptz NOT NULL DEFAULT now(),
  finished_at timestamptz,
  ok          boolean,
  reason      text,
  message     text,
  blob_key    text,
  requests    integer,
  latency_ms  double precision,
  PRIMARY KEY (run_id, part, attempt),
  FOREIGN KEY (run_id, part) REFERENCES task
);

-- One blob read by one version of a parser. The unique key is what makes ingest idempotent.
CREATE TABLE batch (
  id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  blob_key       text NOT NULL,
  parser_version text NOT NULL,
  run_id         uuid NOT NULL,
  part           integer NOT NULL,
  attempt        integer NOT NULL,
  source_id      text NOT NULL,
  kind           text NOT NULL,
  accepted       integer NOT NULL DEFAULT 0,
  rejected       integer NOT NULL DEFAULT 0,
  written        integer NOT NULL DEFAULT 0,
  reason         text,
  message        text,
  ingested_at    timestamptz NOT NULL DEFAULT now(),
  UNIQUE (blob_key, parser_version)
);
CREATE INDEX batch_of_task ON batch (run_id, part);

CREATE TABLE batch_statistics (
  batch_id  bigint NOT NULL REFERENCES batch,
  currency  text NOT NULL,
  count     integer NOT NULL,
  rejected  integer NOT NULL,
  mean      numeric,
  median    numeric,
  min       numeric,
  max       numeric,
  up        integer NOT NULL,
  down      integer NOT NULL,
  unchanged integer NOT NULL,
  volume    numeric,
  PRIMARY KEY (batch_id, currency)
);

-- Quotes -------------------------------------------------------------------------------------------------------------

CREATE TABLE quote (
  listing_id      integer NOT NULL,
  source          text NOT NULL,
  as_of           timestamptz NOT NULL,
  price           numeric NOT NULL CHECK (price > 0),
  previous_close  numeric,
  change          numeric GENERATED ALWAYS AS (price - previous_close) STORED,
  change_fraction numeric GENERATED ALWAYS AS (round((price - previous_close) / nullif(previous_close, 0), 10)) STORED,
  bid             numeric,
  ask             numeric,
  volume          numeric,
  currency        text NOT NULL,
  minor_factor    integer NOT NULL DEFAULT 1,
  session         text,
  delay_seconds   integer,
  as_of_basis     text NOT NULL,
  fetched_at      timestamptz NOT NULL,
  ingested_at     timestamptz NOT NULL DEFAULT now(),
  batch_id        bigint NOT NULL,
  PRIMARY KEY (listing_id, source, as_of)
) PARTITION BY RANGE (as_of);

-- What falls outside the monthly partitions. `maintain` moves it out; an alarm watches what stays.
CREATE TABLE quote_default PARTITION OF quote DEFAULT;

-- Rows of `quote` that were replaced. They were current in [ingested_at, known_to).
CREATE TABLE quote_revision (
  listing_id      integer NOT NULL,
  source          text NOT NULL,
  as_of           timestamptz NOT NULL,
  price           numeric NOT NULL,
  previous_close  numeric,
  change          numeric,
  change_fraction numeric,
  bid             numeric,
  ask             numeric,
  volume          numeric,
  currency        text NOT NULL,
  minor_factor    integer NOT NULL,
  session         text,
  delay_seconds   integer,
  as_of_basis     text NOT NULL,
  fetched_at      timestamptz NOT NULL,
  ingested_at     timestamptz NOT NULL,
  batch_id        bigint NOT NULL,
  known_to        timestamptz NOT NULL
);
CREATE INDEX quote_revision_key ON quote_revision (listing_id, source, as_of, ingested_at);

-- A statement trigger, so that a row that two writers replace at once is kept as it really was. It costs nothing on
-- inserts: only replaced rows reach its transition tables.
CREATE FUNCTION keep_quote_revision() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO quote_revision
  SELECT o.*, n.ingested_at FROM replaced o JOIN replacing n USING (listing_id, source, as_of);
  RETURN NULL;
END $$;
CREATE TRIGGER quote_revision AFTER UPDATE ON quote
  REFERENCING OLD TABLE AS replaced NEW TABLE AS replacing
  FOR EACH STATEMENT EXECUTE FUNCTION keep_quote_revision();

-- The newest quote per listing and source. `confirmed_at` is the last fetch that said the same.
CREATE TABLE latest_quote (
  listing_id      integer NOT NULL,
  source          text NOT NULL,
  as_of           timestamptz NOT NULL,
  price           numeric NOT NULL,
  previous_close  numeric,
  change          numeric GENERATED ALWAYS AS (price - previous_close) STORED,
  change_fraction numeric GENERATED ALWAYS AS (round((price - previous_close) / nullif(previous_close, 0), 10)) STORED,
  bid             numeric,
  ask             numeric,
  volume          numeric,
  currency        text NOT NULL,
  minor_factor    integer NOT NULL,
  session         text,
  delay_seconds   integer,
  as_of_basis     text NOT NULL,
  fetched_at      timestamptz NOT NULL,
  ingested_at     timestamptz NOT NULL DEFAULT now(),
  batch_id        bigint NOT NULL,
  confirmed_at    timestamptz NOT NULL,
  PRIMARY KEY (listing_id, source)
) WITH (fillfactor = 60);

-- Which source is the price of a listing, and why.
CREATE TABLE consolidated_quote (
  listing_id integer PRIMARY KEY,
  source     text NOT NULL,
  rule       text NOT NULL,
  spread     numeric,
  confidence text NOT NULL CHECK (confidence IN ('single', 'agreed', 'disputed')),
  candidates integer NOT NULL,
  decided_at timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 80);

-- Bars ---------------------------------------------------------------------------------------------------------------

CREATE TABLE bar (
  listing_id   integer NOT NULL,
  source       text NOT NULL,
  interval     text NOT NULL,
  starts_at    timestamptz NOT NULL,
  date         date,
  open         numeric,
  high         numeric,
  low          numeric,
  close        numeric NOT NULL,
  volume       numeric,
  currency     text NOT NULL,
  minor_factor integer NOT NULL DEFAULT 1,
  basis        text NOT NULL,
  basis_at     timestamptz NOT NULL,
  stale        boolean NOT NULL DEFAULT false,
  fetched_at   timestamptz NOT NULL,
  ingested_at  timestamptz NOT NULL DEFAULT now(),
  batch_id     bigint NOT NULL,
  PRIMARY KEY (listing_id, source, interval, starts_at)
);

CREATE TABLE bar_revision (
  listing_id   integer NOT NULL,
  source       text NOT NULL,
  interval     text NOT NULL,
  starts_at    timestamptz NOT NULL,
  date         date,
  open         numeric,
  high         numeric,
  low          numeric,
  close        numeric NOT NULL,
  volume       numeric,
  currency     text NOT NULL,
  minor_factor integer NOT NULL,
  basis        text NOT NULL,
  basis_at     timestamptz NOT NULL,
  stale        boolean NOT NULL,
  fetched_at   timestamptz NOT NULL,
  ingested_at  timestamptz NOT NULL,
  batch_id     bigint NOT NULL,
  known_to     timestamptz NOT NULL
);
CREATE INDEX bar_revision_key ON bar_revision (listing_id, source, interval, starts_at, ingested_at);

-- Marking a bar stale is no revision: the prices are as they were.
CREATE FUNCTION keep_bar_revision() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO bar_revision
  SELECT o.*, n.ingested_at FROM replaced o JOIN replacing n USING (listing_id, source, interval, starts_at)
  WHERE o.batch_id <> n.batch_id
    AND (o.open, o.high, o.low, o.close, o.volume, o.basis) IS DISTINCT FROM (n.open, n.high, n.low, n.close, n.volume, n.basis);
  RETURN NULL;
END $$;
CREATE TRIGGER bar_revision AFTER UPDATE ON bar
  REFERENCING OLD TABLE AS replaced NEW TABLE AS replacing
  FOR EACH STATEMENT EXECUTE FUNCTION keep_bar_revision();

CREATE TABLE corporate_action (
  listing_id integer NOT NULL,
  type       text NOT NULL,
  ex_date    date NOT NULL,
  source     text NOT NULL,
  ratio      numeric,
  amount     numeric,
  currency   text,
  known_at   timestamptz NOT NULL,
  batch_id   bigint NOT NULL,
  PRIMARY KEY (listing_id, type, ex_date, source)
);

-- What does not pass, and what must be told ----------------------------------------------------------------------------

CREATE TABLE quarantine (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at          timestamptz NOT NULL DEFAULT now(),
  source_id   text NOT NULL,
  reason      text NOT NULL,
  symbol      text,
  detail      text NOT NULL,
  path        text NOT NULL,
  row         jsonb,
  run_id      uuid NOT NULL,
  part        integer NOT NULL,
  blob_key    text NOT NULL,
  batch_id    bigint NOT NULL REFERENCES batch,
  resolved_at timestamptz
);
CREATE INDEX quarantine_open ON quarantine (source_id, reason, id) WHERE resolved_at IS NULL;

-- Written in the transaction of what it tells of; `relay-events` publishes it in order of id within a key.
CREATE TABLE outbox (
  id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  type         text NOT NULL,
  key          text NOT NULL,
  data         jsonb NOT NULL,
  created_at   timestamptz NOT NULL DEFAULT now(),
  published_at timestamptz
);
CREATE INDEX outbox_waiting ON outbox (id) WHERE published_at IS NULL;

-- State --------------------------------------------------------------------------------------------------------------

CREATE TABLE source_state (
  source_id      text PRIMARY KEY,
  paused         boolean NOT NULL DEFAULT false,
  paused_until   timestamptz,
  breaker        text NOT NULL DEFAULT 'closed' CHECK (breaker IN ('closed', 'open', 'half_open')),
  breaker_until  timestamptz,
  changed_at     timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE source_health (
  source_id       text PRIMARY KEY,
  status          text NOT NULL,
  reason          text,
  score           integer,
  success         double precision,
  accepted        double precision,
  last_success_at timestamptz,
  failed_at       timestamptz,
  failure_reason  text,
  failure_message text,
  failure_run_id  uuid,
  updated_at      timestamptz NOT NULL
);

-- One row per source and hour: the last sample of the hour.
CREATE TABLE health_sample (
  source_id text NOT NULL,
  hour      timestamptz NOT NULL,
  status    text NOT NULL,
  score     integer,
  PRIMARY KEY (source_id, hour)
);

CREATE TABLE planner_state (
  source_id    text NOT NULL,
  job          text NOT NULL,
  planned_to   timestamptz NOT NULL,
  PRIMARY KEY (source_id, job)
);

CREATE TABLE service_state (
  service_id text PRIMARY KEY,
  running    boolean NOT NULL,
  changed_at timestamptz NOT NULL DEFAULT now()
);

-- `token` rises with each holder: a writer that shows an old one is refused.
CREATE TABLE lease (
  name       text PRIMARY KEY,
  holder     text NOT NULL,
  token      bigint NOT NULL,
  expires_at timestamptz NOT NULL
);

-- One row per upstream request that may be made: the ledger of the quota. What was used in the current minute and what
-- is live and unused never exceed the minute's allowance together, and so for the day.
CREATE TABLE permit (
  id          uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  source_id   text NOT NULL,
  purpose     text NOT NULL,
  run_id      uuid,
  part        integer,
  attempt     integer,
  not_before  timestamptz NOT NULL,
  expires_at  timestamptz NOT NULL,
  reserved_at timestamptz NOT NULL DEFAULT now(),
  used_at     timestamptz
);
CREATE INDEX permit_used ON permit (source_id, used_at) WHERE used_at IS NOT NULL;
CREATE INDEX permit_live ON permit (source_id, expires_at) WHERE used_at IS NULL;
CREATE INDEX permit_of_task ON permit (run_id, part) WHERE run_id IS NOT NULL;

-- Sealed (AES-256-GCM) outside; the database never sees a credential.
CREATE TABLE auth_session (
  source_id  text PRIMARY KEY,
  sealed     text NOT NULL,
  expires_at timestamptz NOT NULL,
  token      bigint NOT NULL,
  updated_at timestamptz NOT NULL DEFAULT now()
);

-- Access -------------------------------------------------------------------------------------------------------------

CREATE TABLE api_key (
  id           uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  name         text NOT NULL,
  prefix       text NOT NULL,
  hash         bytea NOT NULL UNIQUE,
  scope        text NOT NULL CHECK (scope IN ('read', 'operate', 'admin')),
  created_at   timestamptz NOT NULL DEFAULT now(),
  expires_at   timestamptz,
  last_used_at timestamptz,
  revoked_at   timestamptz
);

CREATE TABLE web_session (
  hash       bytea PRIMARY KEY,
  key_id     uuid NOT NULL REFERENCES api_key,
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL
);

CREATE TABLE sign_in_token (
  hash       bytea PRIMARY KEY,
  key_id     uuid NOT NULL REFERENCES api_key,
  expires_at timestamptz NOT NULL,
  used_at    timestamptz
);

-- Partitions of `quote` ----------------------------------------------------------------------------------------------

-- Makes the month of `at` a partition, moving what the default partition has of it. Gives whether it was made.
CREATE FUNCTION ensure_quote_partition(at timestamptz) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  first timestamptz := date_trunc('month', at, 'UTC');
  next  timestamptz := (first AT TIME ZONE 'UTC' + interval '1 month') AT TIME ZONE 'UTC';
  name  text := 'quote_' || to_char(first AT TIME ZONE 'UTC', 'YYYY_MM');
BEGIN
  IF to_regclass(name) IS NOT NULL THEN RETURN false; END IF;
  LOCK TABLE quote IN SHARE ROW EXCLUSIVE MODE;
  IF to_regclass(name) IS NOT NULL THEN RETURN false; END IF;
  EXECUTE format('CREATE TABLE %I (LIKE quote INCLUDING DEFAULTS INCLUDING GENERATED INCLUDING CONSTRAINTS)', name);
  EXECUTE format(
    'WITH moved AS (DELETE FROM quote_default WHERE as_of >= %L AND as_of < %L RETURNING *)
     INSERT INTO %I (listing_id, source, as_of, price, previous_close, bid, ask, volume, currency, minor_factor, session,
                     delay_seconds, as_of_basis, fetched_at, ingested_at, batch_id)
     SELECT listing_id, source, as_of, price, previous_close, bid, ask, volume, currency, minor_factor, session,
            delay_seconds, as_of_basis, fetched_at, ingested_at, batch_id FROM moved', first, next, name);
  EXECUTE format('ALTER TABLE quote ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', name, first, next);
  RETURN true;
END $$;

-- The month of `at`, three months ahead, and every month that the default partition has rows of. Gives how many it made.
CREATE FUNCTION maintain_quote_partitions(at timestamptz) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  made integer := 0;
  month timestamptz;
BEGIN
  FOR month IN
    SELECT at + make_interval(months => n) FROM generate_series(0, 3) n
    UNION
    SELECT DISTINCT date_trunc('month', as_of, 'UTC') FROM quote_default
  LOOP
    IF ensure_quote_partition(month) THEN made := made + 1; END IF;
  END LOOP;
  RETURN made;
END $$;
