import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { heldDays } from '../../core/adapters/postgres/prices/held-days.ts';
import { coverageSchema } from '../../core/contracts/http/coverage.ts';
import { makeBatch, makeListing } from '../support/api-fixture.ts';
import { useApi } from '../support/use-api.ts';

const { world, get, read } = useApi();
let batchId: string;

beforeAll(async () => {
  batchId = await makeBatch(world.pool);
}, 60_000);

/** Bars of Yahoo, of days or from instants on. */
async function makeBars(listing: number, starts: readonly string[], interval = '1d'): Promise<void> {
  await world.pool.query(
    `INSERT INTO bar (listing_id, source, interval, starts_at, date, close, currency, basis, basis_at, fetched_at, batch_id)
     SELECT $1, 'yahoo', $4, at, CASE WHEN $4 IN ('1d', '1wk', '1mo') THEN at::date END, 100, 'USD', 'splits', at, at, $3
     FROM (SELECT s::timestamptz AS at FROM unnest($2::text[]) s) starts`,
    [listing, starts.map((start) => (start.length > 10 ? start : `${start}T14:30:00Z`)), batchId, interval],
  );
}

/** What Yahoo has answered for. */
const answered = (
  listing: number,
  { interval = '1d', days = '{[2026-10-01,2026-11-18]}', newestAt = '2026-11-20T03:00:00Z', untraded = '{}' } = {},
) =>
  world.pool.query(
    `INSERT INTO bar_series (listing_id, source, interval, answered, untraded, newest_from, newest_at)
     VALUES ($1, 'yahoo', $2, $3, $4, '2026-10-01', $5)`,
    [listing, interval, days, untraded, newestAt],
  );

const november = [2, 3, 4, 5, 6, 9, 10, 11, 12, 13, 16, 17, 18, 19].map(
  (day) => `2026-11-${String(day).padStart(2, '0')}`,
);
const without = (...absent: string[]) => november.filter((day) => !absent.includes(day));
const ask = async (path: string) => (await read(coverageSchema.array(), `/coverage?from=2026-11-02&${path}`)).data;
const ranges = async (path: string) =>
  (await ask(path)).flatMap((row) => row.ranges.map((range) => [range.from, range.to, range.reason ?? range.state]));

describe('GET /coverage', () => {
  it.each([-8.64e15, 8.64e15, 1e300, -1e300])('reads rows in quarantine whose time is none: %s', async (startsAt) => {
    const symbol = `TIME${String(startsAt).length}${startsAt < 0 ? 'B' : 'A'}`;
    await answered(await makeListing(world.pool, symbol), { interval: '1h' });
    await world.pool.query(
      `INSERT INTO quarantine (source_id, reason, symbol, detail, path, row, run_id, part, blob_key, batch_id)
       VALUES ('yahoo', 'schema', $3, 'x', 'x', $1, $2, 0, 'x', $4)`,
      [{ interval: '1h', date: null, startsAt }, randomUUID(), symbol, batchId],
    );
    const [row] = await ask(`symbol=${symbol}&interval=1h`);
    expect(row).toMatchObject({ source: 'yahoo', interval: '1h', present: 0 });
  });

  it('says of each session whether its bar is there, and why not', async () => {
    const listing = await makeListing(world.pool, 'HOLES');
    await answered(listing, { untraded: '{[2026-11-17,2026-11-17]}' });
    await makeBars(listing, without('2026-11-04', '2026-11-05', '2026-11-10', '2026-11-17'));
    await world.pool.query(
      `INSERT INTO quarantine (source_id, reason, symbol, detail, path, row, run_id, part, blob_key, batch_id)
       VALUES ('yahoo', 'future_time', 'HOLES', 'x', 'x', $1, $2, 0, 'x', $3)`,
      [{ interval: '1d', date: '2026-11-10', startsAt: Date.parse('2026-11-10T14:30:00Z') }, randomUUID(), batchId],
    );
    await world.pool.query("UPDATE bar SET withdrawn_at = '2026-11-13' WHERE listing_id = $1 AND date = '2026-11-12'", [
      listing,
    ]);
    const [row] = await ask('symbol=HOLES');
    expect(row).toMatchObject({
      source: 'yahoo',
      interval: '1d',
      from: '2026-11-02',
      to: '2026-11-20',
      sessions: 15,
      present: 9,
      missing: 6,
      noSession: 0,
      firstDay: '2026-11-02',
      lastDay: '2026-11-19',
      unexpected: [],
      rangesLeftOut: 0,
    });
    expect(row?.ranges.map((range) => [range.from, range.to, range.reason ?? range.state, range.sessions])).toEqual([
      ['2026-11-02', '2026-11-03', 'present', 2],
      ['2026-11-04', '2026-11-05', 'unexplained', 2],
      ['2026-11-06', '2026-11-09', 'present', 2],
      ['2026-11-10', '2026-11-10', 'held_back', 1],
      ['2026-11-11', '2026-11-11', 'present', 1],
      ['2026-11-12', '2026-11-12', 'withdrawn', 1],
      ['2026-11-13', '2026-11-16', 'present', 2],
      ['2026-11-17', '2026-11-17', 'not_traded', 1],
      ['2026-11-18', '2026-11-19', 'present', 2],
      ['2026-11-20', '2026-11-20', 'not_yet_due', 1],
    ]);
    expect(row?.reasons).toContainEqual({ state: 'no_session', reason: 'closed', sessions: 4 });
  });

  it('reads one row a day of those that are held back, whatever a source has said in them', async () => {
    const { pool } = world;
    await answered(await makeListing(pool, 'MANY'), { interval: '1m' });
    await answered(await makeListing(pool, 'DAILY'));
    const hold = (symbol: string, rows: string, count: number) =>
      pool.query(
        `INSERT INTO quarantine (source_id, reason, symbol, detail, path, row, run_id, part, blob_key, batch_id)
         SELECT 'yahoo', 'schema', $1, 'x', 'x', ${rows}, $2, 0, 'x', $3 FROM generate_series(0, $4::int - 1) n`,
        [symbol, randomUUID(), batchId, count],
      );
    const start = Date.parse('2026-11-02T14:30:00Z');
    // Ten sessions of a thousand rows, and ten thousand of one day.
    await hold(
      'MANY',
      `jsonb_build_object('interval', '1m', 'startsAt', ${start} + (n / 1000) * 86400000 + (n % 1000) * 20000)`,
      10_000,
    );
    await hold('DAILY', `jsonb_build_object('interval', '1d', 'date', '2026-11-10', 'startsAt', ${start} + n)`, 10_000);
    // Neither a day nor a time: no entry of an index has a megabyte, and no time so many digits.
    await hold('DAILY', `jsonb_build_object('interval', repeat('1d', 500000), 'date', repeat('2026', 250000))`, 1);
    await hold(
      'DAILY',
      `jsonb_build_object('interval', '1d', 'date', NULL, 'startsAt', ('1' || repeat('0', 5000))::numeric)`,
      1,
    );
    await hold('DAILY', `jsonb_build_object('interval', '1d', 'startsAt', ('1.' || repeat('7', 5000))::numeric)`, 1);
    await hold('DAILY', `jsonb_build_array(n)`, 1);
    await pool.query('ANALYZE quarantine');

    const heldOf = async (path: string) =>
      (await ask(path)).flatMap((row) =>
        row.ranges.filter(({ reason }) => reason === 'held_back').map(({ from, to }) => [from, to]),
      );
    expect(await heldOf('symbol=DAILY')).toEqual([['2026-11-10', '2026-11-10']]);
    expect(await heldOf('symbol=MANY&interval=1m')).toEqual([['2026-11-02', '2026-11-11']]);
    const before = await fetchedRows();
    for (const [symbol, interval] of [
      ['MANY', '1m'],
      ['DAILY', '1d'],
    ] as const)
      await heldDays(pool, interval, [
        { source: 'yahoo', symbol, zone: 'America/New_York', from: '2026-11-02', to: '2026-11-20' },
      ]);
    expect((await fetchedRows()) - before).toBeLessThan(100);

    /** Rows of the table that this server has read. */
    async function fetchedRows(): Promise<number> {
      await Promise.all([1, 2].map(() => pool.query('SELECT pg_stat_force_next_flush(), pg_sleep(0.3)')));
      const { rows } = await pool.query<{ fetched: string }>(
        "SELECT seq_tup_read + idx_tup_fetch AS fetched FROM pg_stat_user_tables WHERE relname = 'quarantine'",
      );
      return Number(rows[0]?.fetched);
    }
  });

  it('gives the ranges of one state, and only series that have some', async () => {
    const listing = await makeListing(world.pool, 'STATE');
    await answered(listing);
    await makeBars(listing, november);
    expect(await ranges('symbol=STATE&state=missing&to=2026-11-19')).toEqual([]);
    expect(await ask('symbol=STATE&state=missing&to=2026-11-19')).toEqual([]);
    expect(await ranges('symbol=STATE&state=present&to=2026-11-19')).toEqual([['2026-11-02', '2026-11-19', 'present']]);
    expect(await ranges('symbol=STATE&state=no_session&to=2026-11-14')).toEqual([
      ['2026-11-07', '2026-11-08', 'closed'],
      ['2026-11-14', '2026-11-14', 'closed'],
    ]);
  });

  it('names the attempts that failed, and the quota that they lacked', async () => {
    const listing = await makeListing(world.pool, 'FAILED');
    await answered(listing, { days: '{[2026-10-01,2026-11-15]}', newestAt: '2026-11-17T03:00:00Z' });
    await makeBars(listing, without('2026-11-17', '2026-11-18', '2026-11-19'));
    const fail = async (at: string, reason: string) => {
      const id = randomUUID();
      await world.pool.query(
        `INSERT INTO run (id, source_id, job, kind, trigger, slot, due_at) VALUES ($1, 'yahoo', 'daily-bars', 'bars', 'schedule', $3, $2)`,
        [id, at, id],
      );
      await world.pool.query(
        `INSERT INTO task (run_id, part, source_id, symbols, status, reason, due_at, finished_at)
         VALUES ($1, 0, 'yahoo', '{FAILED}', 'failed', $3, $2, $2)`,
        [id, at, reason],
      );
    };
    await fail('2026-11-18T03:00:00Z', 'down');
    expect(await ranges('symbol=FAILED&state=missing&to=2026-11-19')).toEqual([
      ['2026-11-17', '2026-11-17', 'source_failed'],
      ['2026-11-18', '2026-11-19', 'not_collected'],
    ]);
    await fail('2026-11-20T03:00:00Z', 'quota_exhausted');
    expect(await ranges('symbol=FAILED&state=missing&to=2026-11-19')).toEqual([['2026-11-17', '2026-11-19', 'quota']]);
  });

  it('has the listings that nobody has read yet, if a job asks for their bars', async () => {
    await makeListing(world.pool, 'NVDA');
    const [row] = await ask('symbol=NVDA&source=yahoo&to=2026-11-13');
    expect(row).toMatchObject({ sessions: 10, present: 0, firstDay: null, missing: 10 });
    expect(row?.ranges).toMatchObject([{ reason: 'not_collected', sessions: 10 }]);
  });

  it('counts nothing before the first day of a listing, nor after its symbol is unknown', async () => {
    const listing = await makeListing(world.pool, 'BRIEF');
    await answered(listing);
    await makeBars(listing, ['2026-11-09', '2026-11-10']);
    await world.pool.query("UPDATE bar_series SET unknown_since = '2026-11-12' WHERE listing_id = $1", [listing]);
    expect(await ranges('symbol=BRIEF')).toEqual([
      ['2026-11-02', '2026-11-06', 'before_first'],
      ['2026-11-09', '2026-11-10', 'present'],
      ['2026-11-11', '2026-11-20', 'after_last'],
    ]);
    expect((await ask('symbol=BRIEF'))[0]).toMatchObject({ sessions: 15, present: 2, missing: 0, noSession: 13 });
  });

  it('names bars on closed days, and counts those in doubt', async () => {
    const listing = await makeListing(world.pool, 'PHANTOM');
    await answered(listing);
    await makeBars(listing, [...november, '2026-11-14']);
    await world.pool.query(
      `INSERT INTO finding (listing_id, source, row_key, rule, severity, kind, interval, date, at, evidence, batch_id)
       VALUES ($1, 'yahoo', 'x', 'shape', 'wrong', 'bar', '1d', '2026-11-14', '2026-11-14T14:30:00Z', '{"code": "closed_day"}', $2)`,
      [listing, batchId],
    );
    expect((await ask('symbol=PHANTOM'))[0]).toMatchObject({ unexpected: ['2026-11-14'], doubtful: 1, present: 14 });
  });

  it('reads weeks, months and minutes', async () => {
    const listing = await makeListing(world.pool, 'LONG');
    for (const interval of ['1wk', '1mo', '1h'])
      await answered(listing, { interval, days: '{[2026-08-01,2026-11-18]}' });
    await makeBars(listing, ['2026-10-26', '2026-11-09'], '1wk');
    await makeBars(listing, ['2026-09-01', '2026-10-01'], '1mo');
    const hours = ['2026-11-16', '2026-11-18'].flatMap((day) =>
      Array.from({ length: 7 }, (_, hour) => new Date(Date.parse(`${day}T14:30:00Z`) + hour * 3_600_000).toISOString()),
    );
    await makeBars(listing, hours, '1h');
    const of = async (interval: string, from: string) =>
      (
        await read(coverageSchema.array(), `/coverage?symbol=LONG&interval=${interval}&from=${from}`)
      ).data[0]?.ranges.map((range) => [range.from, range.to, range.reason ?? range.state]);
    expect(await of('1wk', '2026-10-26')).toEqual([
      ['2026-10-26', '2026-11-01', 'present'],
      ['2026-11-02', '2026-11-08', 'unexplained'],
      ['2026-11-09', '2026-11-15', 'present'],
      ['2026-11-16', '2026-11-22', 'not_yet_due'],
    ]);
    expect(await of('1mo', '2026-09-10')).toEqual([
      ['2026-09-01', '2026-10-31', 'present'],
      ['2026-11-01', '2026-11-30', 'not_yet_due'],
    ]);
    expect(await of('1h', '2026-11-16')).toEqual([
      ['2026-11-16', '2026-11-16', 'present'],
      ['2026-11-17', '2026-11-17', 'unexplained'],
      ['2026-11-18', '2026-11-18', 'present'],
      ['2026-11-19', '2026-11-19', 'unexplained'],
      ['2026-11-20', '2026-11-20', 'not_yet_due'],
    ]);
  });

  it('goes from page to page, and is CSV for those who want it', async () => {
    const seen: string[] = [];
    let cursor = '';
    do {
      const { data, meta } = await read(coverageSchema.array(), `/coverage?from=2026-11-02&limit=2${cursor}`);
      seen.push(...data.map(({ instrument, source }) => `${instrument.symbol} ${source}`));
      cursor = meta.nextCursor === undefined ? '' : `&cursor=${meta.nextCursor}`;
    } while (cursor !== '');
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen).toEqual(expect.arrayContaining(['HOLES yahoo', 'PHANTOM yahoo', 'NVDA yahoo']));
    const csv = await (await get('/coverage?symbol=HOLES&from=2026-11-02&to=2026-11-05&format=csv')).text();
    expect(csv.split('\r\n')).toEqual([
      'symbol,source,interval,from,to,state,reason,sessions,licence',
      'HOLES,yahoo,1d,2026-11-02,2026-11-03,present,,2,internal',
      'HOLES,yahoo,1d,2026-11-04,2026-11-05,missing,unexplained,2,internal',
      '',
    ]);
  });

  it.each([
    ['symbol=NOSUCH', 404],
    ['source=nosuch', 404],
    ['from=2026-11-03&to=2026-11-02', 400],
    ['from=1899-01-01', 400],
    ['from=2000-01-01&limit=100', 400],
    ['interval=1m&from=2026-01-01', 400],
    ['cursor=x', 400],
  ])('refuses %s', async (query, status) => {
    expect((await get(`/coverage?${query}`)).status).toBe(status);
  });
});
