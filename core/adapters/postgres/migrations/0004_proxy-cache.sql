-- Up Migration

-- What the containers of the Yahoo proxy share: answers, and who is asking the upstream for one right now. Unlogged:
-- after a crash of the database it is empty, which a cache may be.
CREATE UNLOGGED TABLE proxy_cache (
  key           text PRIMARY KEY,
  -- Rises with each holder of the lease: who writes with an old one is refused.
  token         bigint NOT NULL DEFAULT 0,
  leased_until  timestamptz NOT NULL DEFAULT '-infinity',
  -- The last try failed: nobody tries again before `failed_until`.
  failure       text,
  failed_until  timestamptz NOT NULL DEFAULT '-infinity',
  status        integer,
  -- gzip.
  body          bytea,
  fetched_at    timestamptz,
  fresh_seconds integer,
  reuse_seconds integer,
  -- When the row is of no use any more, even while the upstream is down.
  keep_until    timestamptz NOT NULL
) WITH (fillfactor = 70);
-- It is compressed already.
ALTER TABLE proxy_cache ALTER COLUMN body SET STORAGE EXTERNAL;
CREATE INDEX proxy_cache_over ON proxy_cache (keep_until);

-- A container's breaker opened: none of them calls the upstream before `until`.
CREATE UNLOGGED TABLE proxy_pause (
  source_id text PRIMARY KEY,
  until     timestamptz NOT NULL,
  reason    text NOT NULL
);
