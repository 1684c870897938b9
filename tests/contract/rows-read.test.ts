/** How many rows the reads of operators and of lists look at, where a table is large and what is wanted is rare or not there. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import * as z from 'zod';
import type { Pool } from '../../core/adapters/postgres/database/pool.ts';
import { instrumentReader } from '../../core/adapters/postgres/listings/instrument-reader.ts';
import { quoteReader } from '../../core/adapters/postgres/prices/quote-reader.ts';
import { healthReader } from '../../core/adapters/postgres/sources/health-reader.ts';
import { postgresOutcomeStore } from '../../core/adapters/postgres/sources/outcome-store.ts';
import { sourceReader } from '../../core/adapters/postgres/sources/source-reader.ts';
import { readLedger } from '../../core/adapters/postgres/work/permits.ts';
import { runReader } from '../../core/adapters/postgres/work/run-reader.ts';
import { everySource, VisibleSources } from '../../core/auth/visible-sources.ts';
import type { RunStatus } from '../../core/ports/run-reader.ts';
import { catalogue } from '../../core/sources/catalogue.ts';
import { watchSources } from '../../functions/monitor/watch-sources.ts';
import { startTestDatabase, type TestDatabase } from '../support/postgres.ts';

const node = z.looseObject({
  'Node Type': z.string(),
  'Relation Name': z.string().optional(),
  'Actual Rows': z.number(),
  'Actual Loops': z.number(),
  'Rows Removed by Filter': z.number().optional(),
  'Rows Removed by Index Recheck': z.number().optional(),
  get Plans() {
    return z.array(node).optional();
  },
});
type Node = z.infer<typeof node>;
const explained = z.looseObject({ 'Query Text': z.string(), Plan: node });

/** Of its prices, who may see only what may be passed on sees those of Yahoo. */
const shownOnly = [{ id: 'yahoo', terms: { licence: 'redistribute' as const } }];
const runs = 30_000;
const failedOnes = runs / 100;
const listings = 5_000;
const permits = 20_000;
/** Symbols that a search looks up before it is clear that few contain its text. */
const walked = 30;

let database: TestDatabase;
let pool: Pool;
const plans: Node[] = [];

beforeAll(async () => {
  database = await startTestDatabase();
  const fill = database.pool(1);
  const minute = `date_trunc('minute', now())`;
  await fill.query(
    `INSERT INTO run (id, source_id, job, kind, trigger, slot, due_at)
     SELECT md5(n::text)::uuid, CASE n % 5 WHEN 0 THEN 'coingecko' ELSE 'yahoo' END, 'quotes', 'quotes', 'schedule', n::text,
            ${minute} - make_interval(mins => n)
     FROM generate_series(1, ${runs}) n`,
  );
  await fill.query(
    `INSERT INTO task (run_id, part, source_id, symbols, due_at, planned_at, status, reason, finished_at, judged)
     SELECT id, 0, source_id, '{AAPL}', due_at, due_at, CASE slot::int % 100 WHEN 7 THEN 'failed' ELSE 'succeeded' END,
            CASE slot::int % 100 WHEN 7 THEN 'down' END, due_at, true FROM run`,
  );
  // One run of each of the rarer kinds, in the middle of the history.
  await fill.query(
    `INSERT INTO task (run_id, part, source_id, symbols, due_at, planned_at, status, finished_at, judged)
     SELECT id, 1, source_id, '{MSFT}', due_at, due_at, status, CASE status WHEN 'succeeded' THEN due_at END, true
     FROM (VALUES ('15007', 'succeeded'), ('15011', 'queued')) of (slot, status) JOIN run USING (slot)`,
  );
  await fill.query(`DELETE FROM task USING run WHERE run.id = run_id AND slot = '15013'`);
  await fill.query(`INSERT INTO backfill (run_id, source_id, interval, symbols, from_date, to_date, chunks) SELECT id, source_id, '1d', '{AAPL}', '2020-01-01', '2020-02-01', 1
                    FROM run WHERE slot = '15013'`);
  await fill.query(
    `INSERT INTO instrument (asset_class, name)
     SELECT CASE WHEN n % 2000 = 7 THEN 'etf' ELSE 'equity' END, 'Company ' || n FROM generate_series(1, ${listings}) n`,
  );
  await fill.query(
    `INSERT INTO listing (instrument_id, mic, currency, zone) SELECT id, 'XNAS', 'USD', 'America/New_York' FROM instrument`,
  );
  await fill.query(
    `INSERT INTO symbol_alias (namespace, symbol, listing_id) SELECT of, 'S' || id, id FROM listing, unnest('{canonical,yahoo}'::text[]) of`,
  );
  await fill.query(
    `INSERT INTO latest_quote (listing_id, source, as_of, price, currency, minor_factor, as_of_basis, fetched_at, ingested_at, batch_id, confirmed_at)
     SELECT id, 'yahoo', now(), 1, 'USD', 1, 'fetched', now(), now(), 1, now() FROM listing`,
  );
  await fill.query(
    `INSERT INTO consolidated_quote (listing_id, source, rule, confidence, candidates, decided_at)
     SELECT id, 'yahoo', 'only_source', 'single', 1, now() FROM listing`,
  );
  await fill.query(
    `INSERT INTO permit (source_id, purpose, not_before, expires_at, used_at)
     SELECT 'yahoo', 'task', at, at, at
     FROM (SELECT date_trunc('day', now(), 'UTC') + (now() - date_trunc('day', now(), 'UTC')) * n / ${permits} AS at
           FROM generate_series(1, ${permits}) n) x`,
  );
  // The days before, and another source's.
  await fill.query(
    `INSERT INTO permit (source_id, purpose, not_before, expires_at, used_at)
     SELECT source, 'task', at, at, at
     FROM unnest('{yahoo,coingecko}'::text[]) source,
          (SELECT date_trunc('day', now(), 'UTC') - interval '10 s' - make_interval(secs => n * 2) AS at
           FROM generate_series(1, ${permits * 2}) n) x`,
  );
  // Where something in the database is older than a row, the index alone cannot tell whether the row may be seen.
  await vi.waitFor(
    async () => {
      await fill.query('VACUUM ANALYZE');
      const { rows } = await fill.query(
        `SELECT relpages - relallvisible AS hidden FROM pg_class WHERE oid = 'permit'::regclass`,
      );
      expect(rows).toEqual([{ hidden: 0 }]);
    },
    { timeout: 60_000, interval: 1_000 },
  );
  pool = database.pool(1);
  pool.on('connect', (connection) => {
    connection.on('notice', ({ message }) => {
      const [, json] = /plan:\n([\s\S]*)$/.exec(message ?? '') ?? [];
      if (json !== undefined) plans.push(explained.parse(JSON.parse(json)).Plan);
    });
    void connection.query(
      `LOAD 'auto_explain'; SET auto_explain.log_min_duration = 0; SET auto_explain.log_format = 'json';
       SET auto_explain.log_analyze = true; SET auto_explain.log_level = 'notice'; SET auto_explain.log_timing = false`,
    );
  });
}, 120_000);
afterAll(() => database.stop());

const below = (plan: Node): Node[] => [plan, ...(plan.Plans ?? []).flatMap(below)];

/** Rows of tables that a plan has looked at, those that it threw away among them; of `type`s of steps, where they are given. */
function rowsRead(plan: Node, types?: readonly string[]): number {
  return below(plan)
    .filter((each) => each['Relation Name'] !== undefined && (types?.includes(each['Node Type']) ?? true))
    .map(
      (each) =>
        (each['Actual Rows'] + (each['Rows Removed by Filter'] ?? 0) + (each['Rows Removed by Index Recheck'] ?? 0)) *
        each['Actual Loops'],
    )
    .reduce((sum, rows) => sum + rows, 0);
}

/** The plans of a read. Often enough for prepared statements to get their general plan. */
async function plansOf(read: () => Promise<unknown>): Promise<readonly Node[]> {
  await read();
  plans.length = 0;
  for (let turn = 0; turn < 8; turn += 1) await read();
  expect(plans.length).toBeGreaterThanOrEqual(8);
  return plans;
}

/** The most that one turn of a read looked at. */
async function mostRead(read: () => Promise<unknown>, types?: readonly string[]): Promise<number> {
  return Math.max(...(await plansOf(read)).map((plan) => rowsRead(plan, types)));
}

/** Whether a step has read an empty table: that costs nothing, however often. */
const isEmpty = (step: Node) =>
  step['Node Type'] === 'Seq Scan' && step['Actual Rows'] === 0 && !step['Rows Removed by Filter'];

/** How often a read goes to a table, at the most: once for each row where rows are looked up one by one. */
async function mostLookUps(read: () => Promise<unknown>): Promise<number> {
  const steps = (await plansOf(read))
    .flatMap(below)
    .filter((each) => each['Relation Name'] !== undefined && !isEmpty(each));
  return Math.max(...steps.map((each) => each['Actual Loops']));
}

describe('of thirty thousand runs', () => {
  const list = (
    status: RunStatus | null,
    sourceId: string | null,
    after: { dueAt: string; id: string } | null = null,
  ) => runReader(pool)(everySource).list({ status, sourceId, after, limit: 51 });
  const found = async (status: RunStatus) => (await list(status, null)).length;

  it('each status finds its own', async () => {
    expect([await found('planned'), await found('running'), await found('partial')]).toEqual([1, 1, 1]);
    expect([await found('failed'), await found('succeeded')]).toEqual([51, 51]);
    expect(await list('planned', 'coingecko')).toEqual([]);
  });

  it.each(['planned', 'running'] as const)('a list of those that are %s reads the open ones', async (status) => {
    for (const source of [null, 'yahoo', 'coingecko'])
      expect(await mostRead(() => list(status, source)), `${source}`).toBeLessThan(50);
  });

  it.each(['partial', 'failed'] as const)(
    'a list of those that are %s reads no others than failed ones',
    async (status) => {
      for (const source of [null, 'yahoo', 'coingecko'])
        expect(await mostRead(() => list(status, source)), `${source}`).toBeLessThan(failedOnes * 4);
    },
  );

  it('a page of failed ones reads as many as it shows, wherever it begins', async () => {
    const [first] = await list('failed', null);
    const deep = { dueAt: new Date(Date.now() - 20_000 * 60_000).toISOString(), id: first?.id ?? '' };
    for (const after of [null, deep])
      expect(await mostRead(() => list('failed', null, after)), JSON.stringify(after)).toBeLessThan(300);
    expect(await mostRead(() => list(null, null, deep))).toBeLessThan(300);
  });

  it('pages of a status go on where the last one ended, also among runs of one time', async () => {
    const seen: string[] = [];
    for (let after: { dueAt: string; id: string } | null = null; ; ) {
      const page = await list('failed', null, after);
      seen.push(...page.map(({ id }) => id));
      const last = page.at(-1);
      if (!last || page.length < 51) break;
      after = { dueAt: last.dueAt, id: last.id };
    }
    expect(seen).toHaveLength(failedOnes - 1);
    expect(new Set(seen).size).toBe(seen.length);
  });
});

describe('of five thousand listings', () => {
  const date = '2026-11-30';
  const all = {
    text: null,
    assetClass: null,
    mic: null,
    source: null,
    changedSince: null,
    after: null,
    watched: false,
    except: [],
    offset: 0,
  } as const;
  const priced = (assetClass: 'crypto' | 'etf' | 'equity' | null) =>
    quoteReader(pool)(everySource).page({ ...all, date, assetClass, limit: 101, order: 'symbol', down: false });
  const instruments = (text: string, assetClass: 'crypto' | 'etf' | 'equity' | null) =>
    instrumentReader(pool)(everySource).search({ text, assetClass, date, after: null, limit: 51 });

  it('prices of a class that has few, or none, are read without the others', async () => {
    // So that the general plan would be the one for a class that most are of.
    for (let turn = 0; turn < 8; turn += 1) expect(await priced('equity')).toHaveLength(101);
    expect([(await priced('etf')).length, (await priced('crypto')).length]).toEqual([3, 0]);
    expect(await mostRead(() => priced('etf'))).toBeLessThan(100);
    expect(await mostRead(() => priced('crypto'))).toBeLessThan(100);
    expect(await mostRead(() => priced('equity'))).toBeLessThan(1_500);
  });

  it.each([
    ['everything', everySource],
    ['one source', VisibleSources.of('redistribute', shownOnly)],
  ])(
    'of %s, prices that a text has nowhere are not sought, and those of no exchange in one pass, in any order',
    async (_, visible) => {
      const reader = quoteReader(pool)(visible);
      for (const wanted of [{ text: 'nowhere' }, { mic: 'XXXX' }, { text: 'nowhere', source: 'yahoo' }])
        for (const order of ['symbol', 'price'] as const) {
          const most = 'text' in wanted ? 20 : listings * 7;
          const of = { ...all, ...wanted, date };
          const page = () => reader.page({ ...of, limit: 101, order, down: order === 'price' });
          expect(await page()).toEqual([]);
          expect(await mostRead(page), JSON.stringify([wanted, order])).toBeLessThan(most);
          expect(await mostLookUps(page), JSON.stringify([wanted, order])).toBeLessThan(100);
          // Of others than who sees everything, nothing is counted.
          if (visible === everySource) expect(await mostRead(() => reader.count(of))).toBeLessThan(most);
        }
    },
  );

  it('prices are counted and summed up in one pass, and none is looked up on its own', async () => {
    const reader = quoteReader(pool)(everySource);
    const count = () => reader.count({ ...all, date });
    const groups = () => reader.groups(date, () => ({ confirmedAt: new Date(), asOf: null }));
    expect(await count()).toBe(listings);
    const summed = (await groups()).map(({ instruments, stale }) => [instruments, stale]);
    expect(new Set(summed.map(String))).toEqual(new Set([`${listings - 3},${listings - 3}`, '3,3']));
    for (const read of [count, groups]) {
      expect(await mostRead(read)).toBeLessThan(listings * 8);
      expect(await mostLookUps(read)).toBeLessThan(100);
    }
  });

  it('instruments of a class that has few, or none, too', async () => {
    expect(await mostRead(() => instruments('', 'etf'))).toBeLessThan(50);
    expect(await mostRead(() => instruments('', 'crypto'))).toBeLessThan(50);
    expect(await mostRead(() => instruments('', 'equity'))).toBeLessThan(400);
  });

  it('instruments that a text finds nowhere, or few, are not sought among all', async () => {
    expect(await instruments('nowhere', null)).toEqual([]);
    expect(await mostRead(() => instruments('nowhere', null))).toBeLessThan(walked * 5);
    expect(await mostRead(() => instruments('nowhere', 'etf'))).toBeLessThan(walked);
    const counted = () => instrumentReader(pool)(everySource).count({ text: 'nowhere', assetClass: null, date });
    expect(await mostRead(counted)).toBeLessThan(20);
    expect((await instruments('any 4321', null)).map(({ name }) => name)).toEqual(['Company 4321']);
    expect(await mostRead(() => instruments('any 4321', null))).toBeLessThan(walked * 5);
  });

  it('instruments that a text finds many of are read along their symbols', async () => {
    expect(await instruments('company', null)).toHaveLength(51);
    expect(await mostRead(() => instruments('company', null))).toBeLessThan(500);
  });
});

describe('of a day with twenty thousand permits', () => {
  /** Rows that a plan has fetched from the table, and not from its index. */
  const fetched = (read: () => Promise<unknown>) => mostRead(read, ['Seq Scan', 'Index Scan', 'Bitmap Heap Scan']);

  it('those of the minute are read, and the others counted in the index', async () => {
    const { usedToday, minuteUses } = await readLedger(pool, 'yahoo', Date.now());
    expect(usedToday).toBe(permits);
    expect(await fetched(() => readLedger(pool, 'yahoo', Date.now()))).toBeLessThan(minuteUses.length * 3 + 100);
  });

  it('the same for the list of sources', async () => {
    const [row] = await sourceReader(pool).sources(['yahoo'], new Date());
    expect(row?.dayUsed).toBe(permits);
    expect(await fetched(() => sourceReader(pool).sources(['yahoo'], new Date()))).toBeLessThan(100);
  });
});

it('/health reads when quotes were confirmed of each source, once sources are judged, and not of each listing', async () => {
  const health = healthReader(pool);
  const [newest] = z
    .array(z.object({ at: z.date() }))
    .parse((await pool.query('SELECT max(confirmed_at) AS at FROM latest_quote')).rows);
  // Before anything was judged, the prices themselves say it.
  expect((await health.facts(new Date())).newestQuoteAt).toEqual(newest?.at);
  // The newest run of a job asked for these symbols.
  await pool.query(`UPDATE task SET symbols = '{S1,S2}' FROM run WHERE run.id = run_id AND slot::int < 50`);
  await watchSources({ store: postgresOutcomeStore(pool), sources: catalogue }, new Date());
  expect((await health.facts(new Date())).newestQuoteAt).toEqual(newest?.at);
  const most = await mostRead(() => health.facts(new Date()));
  expect(most).toBeLessThan(1_000);
});
