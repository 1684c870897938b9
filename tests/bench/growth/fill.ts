/** Databases as they are after a month and a year: rows by SQL, in the order of time in which ingest writes them. */
import type { Client } from 'pg';

export interface GrowthSize {
  readonly name: string;
  readonly listings: number;
  readonly quotes: number;
  /** For how many days runs, tasks, attempts and batches are kept: five sources, a run of each every minute. */
  readonly runDays: number;
  /** For how many days each listing has bars; 250 unless given. */
  readonly barDays?: number;
}

/** The sizes, from the smallest to the largest; the last only where somebody asks for it. */
export const growthSizes: readonly GrowthSize[] = [
  { name: '500 listings, a month', listings: 500, quotes: 1_000_000, runDays: 30 },
  { name: '5,000 listings, a year', listings: 5_000, quotes: 10_000_000, runDays: 365 },
  { name: '50,000 listings, a year', listings: 50_000, quotes: 30_000_000, runDays: 365 },
];

/** Days over which the quotes are spread: the month before and the running one, as `hotMonths` keeps them. */
const quoteDays = 30;

const sources = `'{yahoo,coingecko,demo-broker,slickcharts,alpha-vantage}'::text[]`;

/**
 * The filled database's time: in the middle of a month and of a week, soon after midnight, when what is counted of the day is
 * little and hides nothing. So no figure depends on when it was filled.
 */
export const filledAt = new Date('2026-11-18T00:03:00Z');
const at = `timestamptz '${filledAt.toISOString()}'`;
const today = `date '${filledAt.toISOString().slice(0, 10)}'`;

/** An id that looks like a run's, of a text. */
const uuidOf = (text: string) => `overlay(overlay(md5(${text}) PLACING '5' FROM 13) PLACING '8' FROM 17)::uuid`;

/** The name of the n-th listing, from 1; the first is AAPL, which examples ask for. */
export const symbolOf = (n: number) => (n === 1 ? 'AAPL' : `SYM${n}`);
const symbolSql = `CASE n WHEN 1 THEN 'AAPL' ELSE 'SYM' || n END`;
const classSql = `CASE WHEN n % 50 = 0 THEN 'etf' ELSE 'equity' END`;

/** Steps of a fill, each with what it is of. */
function stepsOf({ listings, quotes, runDays, barDays = 250 }: GrowthSize): readonly (readonly [string, string])[] {
  const ticks = Math.round(quotes / listings);
  const minutes = runDays * 1_440;
  const runs = minutes * 5;
  const batchesFrom = `${at} - make_interval(mins => ${minutes})`;
  return [
    [
      'listings',
      `WITH made AS (
         INSERT INTO instrument (id, asset_class, name) OVERRIDING SYSTEM VALUE
         SELECT n, ${classSql}, initcap(md5(n::text)) || ' Holdings' FROM generate_series(1, ${listings}) n
       ), listed AS (
         INSERT INTO listing (id, instrument_id, mic, currency, zone) OVERRIDING SYSTEM VALUE
         SELECT n, n, CASE WHEN n % 2 = 0 THEN 'XNAS' ELSE 'XNYS' END, 'USD', 'America/New_York' FROM generate_series(1, ${listings}) n
       ), watched AS (
         INSERT INTO watch (symbol, source_id, source_symbol, added_at, found_at)
         SELECT ${symbolSql}, 'yahoo', ${symbolSql}, ${at}, ${at} FROM generate_series(1, ${listings}) n
       )
       INSERT INTO symbol_alias (namespace, symbol, listing_id, asset_class)
       SELECT namespace, ${symbolSql}, n, ${classSql} FROM generate_series(1, ${listings}) n, unnest('{canonical,yahoo}'::text[]) namespace`,
    ],
    [
      'quotes',
      `INSERT INTO quote (listing_id, source, as_of, price, previous_close, bid, ask, volume, currency, session, delay_seconds, as_of_basis,
                          fetched_at, ingested_at, batch_id)
       SELECT n, 'yahoo', at, price, price - 1, price - 0.01, price + 0.01, (1e3 * exp(random() * 11.5))::bigint, 'USD', 'regular', 0, 'exchange',
              at + interval '2 seconds', at + interval '2.123456 seconds', 1 + (tick * 25 + n / 200) % ${runs}
       FROM generate_series(1, ${ticks}) tick
       CROSS JOIN LATERAL (
         SELECT n, date_trunc('minute', ${at}) - make_interval(secs => ${quoteDays * 86_400}.0 * (${ticks} - tick) / ${ticks}) - make_interval(secs => floor(random() * 50)) AS at,
                round((20 + (n * 7919) % 400 + random() * 5)::numeric, 2) AS price
         FROM generate_series(1, ${listings}) n) q`,
    ],
    [
      'latest quotes',
      `INSERT INTO latest_quote (listing_id, source, as_of, price, previous_close, bid, ask, volume, currency, minor_factor, session,
                                 delay_seconds, as_of_basis, fetched_at, ingested_at, batch_id, confirmed_at)
       SELECT n, l.source, l.as_of, l.price, l.previous_close, l.bid, l.ask, l.volume, l.currency, l.minor_factor, l.session, l.delay_seconds,
              l.as_of_basis, l.fetched_at, l.ingested_at, l.batch_id, ${at}
       FROM generate_series(1, ${listings}) n
       CROSS JOIN LATERAL (SELECT * FROM quote WHERE listing_id = n AND source = 'yahoo' ORDER BY as_of DESC LIMIT 1) l`,
    ],
    [
      'consolidated quotes',
      `INSERT INTO consolidated_quote (listing_id, source, rule, confidence, candidates, inputs)
       SELECT listing_id, source, 'only_source', 'single', 1, '[]' FROM latest_quote`,
    ],
    [
      'bars',
      `INSERT INTO bar (listing_id, source, interval, starts_at, date, open, high, low, close, volume, currency, basis, basis_at, fetched_at, batch_id)
       SELECT n, 'yahoo', '1d', at + interval '14.5 hours', at::date, price, price + 2, price - 2, price + 1, (random() * 1e8)::bigint, 'USD', 'split_adjusted',
              ${at}, ${at}, 1
       FROM generate_series(1, ${barDays}) day
       CROSS JOIN LATERAL (
         SELECT n, date_trunc('day', ${at}) - make_interval(days => ${barDays} - day + 1) AS at, round((20 + (n * 7919) % 400 + random() * 5)::numeric, 2) AS price
         FROM generate_series(1, ${listings}) n) b`,
    ],
    [
      'runs',
      `INSERT INTO run (id, source_id, job, kind, trigger, slot, due_at, created_at)
       SELECT ${uuidOf('minute || s')}, s, CASE minute % 1440 WHEN 600 THEN 'daily-bars' ELSE 'quotes' END, 'quotes', CASE WHEN minute % 500 = 7 THEN 'manual' ELSE 'schedule' END,
              to_char(${batchesFrom} + make_interval(mins => minute), 'YYYY-MM-DD"T"HH24:MI:00.000Z'), ${batchesFrom} + make_interval(mins => minute),
              ${batchesFrom} + make_interval(mins => minute)
       FROM generate_series(1, ${minutes}) minute, unnest(${sources}) s`,
    ],
    [
      'tasks',
      `INSERT INTO task (run_id, part, source_id, symbols, due_at, planned_at, status, reason, finished_at, judged, attempt, accepted)
       SELECT id, 0, source_id, ARRAY(SELECT 'SYM' || n FROM generate_series(1, 24) n), due_at, due_at, ending, CASE ending WHEN 'failed' THEN 'down' END,
              due_at + interval '5 seconds', true, 1, 24
       FROM run, LATERAL (SELECT CASE abs(hashtext(id::text)) % 100 WHEN 0 THEN 'failed' ELSE 'succeeded' END AS ending) e
       ORDER BY due_at`,
    ],
    [
      'attempts',
      `INSERT INTO task_attempt (run_id, part, attempt, worker, started_at, finished_at, ok, reason, blob_key, requests, latency_ms, batch_sought)
       SELECT run_id, 0, 1, md5(run_id::text), due_at, finished_at, status = 'succeeded', reason,
              'raw/' || source_id || '/' || due_at::date || '/' || run_id || '/0-1.json.gz', 1, 120, true
       FROM task ORDER BY due_at`,
    ],
    [
      'batches',
      `INSERT INTO batch (blob_key, parser_version, run_id, part, attempt, source_id, kind, accepted, written, ingested_at, newest_as_of, first_reading)
       SELECT 'raw/' || source_id || '/' || due_at::date || '/' || run_id || '/0-1.json.gz', 'yahoo-7', run_id, 0, 1, source_id, 'quotes', 24, 24,
              finished_at, due_at, true
       FROM task ORDER BY due_at`,
    ],
    [
      'links of tasks to batches',
      `UPDATE task SET batch_id = b.id FROM batch b WHERE b.run_id = task.run_id AND b.id > (SELECT max(id) FROM batch) - 50000`,
    ],
    [
      'statistics of batches',
      `INSERT INTO batch_statistics (batch_id, currency, count, rejected, mean, median, min, max, up, down, unchanged, volume)
       SELECT id, 'USD', 24, 0, 100, 100, 1, 400, 12, 10, 2, 1e9 FROM batch`,
    ],
    [
      'permits of two days',
      `INSERT INTO permit (source_id, purpose, not_before, expires_at, reserved_at, used_at)
       SELECT s, 'task', at, at, at, at FROM generate_series(1, 2880) minute, unnest(${sources}) s, generate_series(1, 4) n,
              LATERAL (SELECT ${at} - make_interval(mins => minute) + make_interval(secs => n) AS at) a`,
    ],
    [
      'permits of a day',
      `INSERT INTO permit_day (source_id, day, used)
       SELECT source_id, date_trunc('day', used_at, 'UTC'), count(*) FROM permit GROUP BY 1, 2`,
    ],
    [
      'events of a week',
      `INSERT INTO outbox (type, key, data, created_at, published_at, event_id, position)
       SELECT 'quotes.stored', s || '/0', jsonb_build_object('sourceId', s, 'runId', md5(minute || s), 'accepted', 24), at, at, gen_random_uuid(),
              row_number() OVER (ORDER BY at)
       FROM generate_series(1, 10080) minute, unnest(${sources}) s, LATERAL (SELECT ${at} - make_interval(mins => 10080 - minute) AS at) a`,
    ],
    [
      'hours of health',
      `INSERT INTO health_sample (source_id, hour, status, score, samples, score_sum, score_least, worst, succeeded, failed)
       SELECT s, date_trunc('hour', ${at}) - make_interval(hours => hour), 'healthy', 98, 60, 5880, 95, 'healthy', 59, 1
       FROM generate_series(1, ${runDays * 24}) hour, unnest(${sources}) s`,
    ],
    [
      'judgements',
      `INSERT INTO source_health (source_id, status, score, last_success_at, quoted_at, since, updated_at)
       SELECT s, 'healthy', 98, ${at}, ${at}, ${at}, ${at} FROM unnest(${sources}) s`,
    ],
    [
      'incidents',
      `INSERT INTO incident (source_id, reason, opened_at, last_seen_at, resolved_at, count)
       SELECT (${sources})[1 + n % 5], 'down', at, at, at + interval '5 minutes', 3
       FROM generate_series(1, ${runDays * 50}) n, LATERAL (SELECT ${at} - make_interval(mins => n * 25) AS at) a`,
    ],
    [
      'recoveries',
      `INSERT INTO recovery (id, source_id, trigger, status, requested_at, finished_at, held)
       SELECT gen_random_uuid(), (${sources})[1 + n % 5], 'automatic', 'verified', at, at, true
       FROM generate_series(1, ${runDays * 25}) n, LATERAL (SELECT ${at} - make_interval(mins => n * 50) AS at) a`,
    ],
    [
      'held rows',
      `INSERT INTO quarantine (at, source_id, reason, symbol, detail, path, row, run_id, part, blob_key, batch_id, resolved_at)
       SELECT at, (${sources})[1 + n % 5], 'non_positive', 'SYM' || (1 + n % ${listings}), 'A price is not positive.', 'exchanges[0]', '{"price":"0"}',
              ${uuidOf('n::text')}, 0, 'raw/yahoo/' || n, 1, CASE WHEN n % 10 > 0 THEN at + interval '1 day' END
       FROM generate_series(1, ${runDays * 270}) n, LATERAL (SELECT ${at} - make_interval(mins => n * 5) AS at) a`,
    ],
    [
      'findings',
      `INSERT INTO finding (listing_id, source, row_key, rule, severity, kind, interval, date, at, said, evidence, status, closed_at, batch_id)
       SELECT 1 + n % ${listings}, 'yahoo', n::text, 'shape', 'doubt', 'bar', '1d', ${today} - n % 250, ${at} - make_interval(days => n % 250), 1,
              '{"code":"outside_range","fields":["high"]}', CASE n % 3 WHEN 0 THEN 'gone' ELSE 'open' END, CASE n % 3 WHEN 0 THEN ${at} END, 1
       FROM generate_series(1, ${runDays * 130}) n`,
    ],
    [
      'members of an index',
      `WITH listed AS (
         INSERT INTO instrument (id, asset_class, name) OVERRIDING SYSTEM VALUE VALUES (900001, 'index', 'S&P 500')
       ), index AS (
         INSERT INTO listing (id, instrument_id, mic, currency, zone) OVERRIDING SYSTEM VALUE VALUES (900001, 900001, 'XNYS', 'USD', 'America/New_York')
       ), named AS (
         INSERT INTO symbol_alias (namespace, symbol, listing_id, asset_class) VALUES ('canonical', '^GSPC', 900001, 'index')
       ), snapshot AS (
         INSERT INTO constituent_snapshot (index_listing_id, source, date, fetched_at, confirmed_at, batch_id)
         SELECT 900001, 'slickcharts', ${today} - day, ${at}, ${at}, 1 FROM generate_series(0, ${Math.min(runDays, 60)}) day
       )
       INSERT INTO constituent (index_listing_id, source, date, listing_id, rank, weight, currency, fetched_at, batch_id)
       SELECT 900001, 'slickcharts', ${today} - day, n, n, 0.002, 'USD', ${at}, 1
       FROM generate_series(0, ${Math.min(runDays, 60)}) day, generate_series(1, 500) n`,
    ],
  ];
}

/**
 * Fills a migrated, empty database of a superuser. Indexes that are no keys are made again afterwards, which takes a fraction
 * of keeping them; foreign keys are not checked.
 */
export async function fill(pool: Client, size: GrowthSize, say: (line: string) => void): Promise<void> {
  const { rows: indexes } = await pool.query<{ name: string; definition: string }>(
    `SELECT indexrelid::regclass::text AS name, pg_get_indexdef(indexrelid) AS definition FROM pg_index
     WHERE indrelid = ANY (ARRAY['run', 'task', 'task_attempt', 'batch', 'outbox', 'quarantine', 'finding', 'permit']::regclass[])
       AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)`,
  );
  await pool.query(`SELECT maintain_quote_partitions(at) FROM unnest(ARRAY[${at}, ${at} - interval '31 days']) at`);
  await pool.query(`SET session_replication_role = replica`);
  await pool.query(`SET maintenance_work_mem = '512MB'`);
  await pool.query(`SET statement_timeout = 0`);
  for (const { name } of indexes) await pool.query(`DROP INDEX ${name}`);
  for (const [what, text] of stepsOf(size)) {
    const began = performance.now();
    const { rowCount } = await pool.query(text);
    say(
      `  ${what}: ${(rowCount ?? 0).toLocaleString('en')} rows in ${Math.round((performance.now() - began) / 1000)} s`,
    );
  }
  for (const { definition } of indexes) await pool.query(definition);
  await pool.query('VACUUM ANALYZE');
  await pool.query(`SET session_replication_role = origin`);
}
