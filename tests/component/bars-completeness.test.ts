import { beforeAll, describe, expect, it } from 'vitest';
import { barsSchema } from '../../core/contracts/http/market.ts';
import { gapWarning } from '../../functions/api/bars/warnings.ts';
import { makeBatch, makeListing } from '../support/api-fixture.ts';
import { useApi } from '../support/use-api.ts';

const { world, get, read } = useApi();
let batchId: string;

beforeAll(async () => {
  batchId = await makeBatch(world.pool);
}, 60_000);

/** A bar of Yahoo at an instant, fetched at another; the tests' clock is at 2026-11-20T15:00Z. */
async function makeBar(listing: number, startsAt: string, fetchedAt: string, interval = '1d'): Promise<void> {
  await world.pool.query(
    `INSERT INTO bar (listing_id, source, interval, starts_at, date, close, currency, basis, basis_at, fetched_at, batch_id)
     VALUES ($1, 'yahoo', $2, $3, CASE WHEN $2 = '1d' THEN $3::timestamptz::date END, 100, 'USD', 'splits', $4, $4, $5)`,
    [listing, interval, startsAt, fetchedAt, batchId],
  );
}
const answered = (listing: number, days: string, newestAt: string, interval = '1d') =>
  world.pool.query(
    `INSERT INTO bar_series (listing_id, source, interval, answered, newest_from, newest_at)
     VALUES ($1, 'yahoo', $4, $2, '2026-10-01', $3)`,
    [listing, days, newestAt, interval],
  );

/** Daily bars of these days of November, each fetched long after its close. */
async function makeDays(symbol: string, days: readonly number[]): Promise<number> {
  const listing = await makeListing(world.pool, symbol);
  for (const day of days) {
    const date = `2026-11-${String(day).padStart(2, '0')}`;
    await makeBar(listing, `${date}T14:30:00Z`, `${date}T23:00:00Z`);
  }
  return listing;
}

const coverage = async (path: string) => (await read(barsSchema, `/bars/${path}`)).meta.coverage;

describe('gaps of bars', () => {
  it('are named with their days and sessions, the longest in a warning, in CSV by its code', async () => {
    const listing = await makeDays('GAPPED', [2, 3, 6, 9, 12, 13, 17, 19]);
    await answered(listing, '{[2026-10-01,2026-11-18]}', '2026-11-20T03:00:00Z');
    const { meta, warnings } = await read(barsSchema, '/bars/GAPPED?from=2026-11-02');
    expect(meta.coverage?.gaps).toEqual([
      { from: '2026-11-04', to: '2026-11-05', sessions: 2 },
      { from: '2026-11-10', to: '2026-11-11', sessions: 2 },
      { from: '2026-11-16', to: '2026-11-16', sessions: 1 },
      { from: '2026-11-18', to: '2026-11-18', sessions: 1 },
    ]);
    const gaps = warnings.find(({ code }) => code === 'gaps');
    expect(gaps?.message).toContain('2026-11-04 to 2026-11-05 (2 sessions)');
    expect((await get('/bars/GAPPED?from=2026-11-02&format=csv')).headers.get('x-warnings')).toContain('gaps');
    expect((await read(barsSchema, '/bars/GAPPED?from=2026-11-12&to=2026-11-14')).warnings).toEqual([]);
  });
});

it('a gap of what somebody imported is not said to be filled by a backfill', () => {
  const gaps = [{ from: '2026-11-04', to: '2026-11-04', sessions: 1 }];
  const said = (source: string) =>
    gapWarning({ expected: 2, stored: 1, missing: 1, doubtful: 0, gaps }, 'ACME', source)[0]?.message;
  expect(said('yahoo')).toContain('backfill');
  expect(said('import-display')).toMatch(/source=import-display says why\.$/);
});

describe('meta.coverage of bars', () => {
  it('counts the sessions that should have one, those that do and those that do not', async () => {
    const listing = await makeDays('COUNTED', [9, 10, 12, 13, 16, 17, 18, 19]);
    await answered(listing, '{[2026-10-01,2026-11-18]}', '2026-11-20T03:00:00Z');
    expect(await coverage('COUNTED')).toEqual({
      ...{ expected: 9, stored: 8, missing: 1, doubtful: 0 },
      gaps: [{ from: '2026-11-11', to: '2026-11-11', sessions: 1 }],
    });
    // The session of the 20th is not over, and nobody traded on the weekend.
    expect(await coverage('COUNTED?from=2026-11-13')).toEqual({
      expected: 5,
      stored: 5,
      missing: 0,
      doubtful: 0,
      gaps: [],
    });
    expect(await coverage('COUNTED?from=2026-11-14&to=2026-11-16')).toEqual({
      ...{ expected: 0, stored: 0, missing: 0, doubtful: 0, gaps: [] },
    });
    expect(await coverage('COUNTED?from=2026-11-10&to=2026-11-13')).toMatchObject({ expected: 3, missing: 1 });
  });

  it('is the same sum over all pages, in both orders', async () => {
    const listing = await makeDays('PAGED', [2, 3, 6, 9, 12, 13, 17, 19]);
    await answered(listing, '{[2026-10-01,2026-11-18]}', '2026-11-20T03:00:00Z');
    const whole = await coverage('PAGED?from=2026-11-02');
    expect(whole).toMatchObject({ expected: 14, stored: 8, missing: 6, doubtful: 0 });
    for (const order of ['asc', 'desc']) {
      const sum = { expected: 0, stored: 0, missing: 0, doubtful: 0 };
      let cursor = '';
      do {
        const { meta } = await read(barsSchema, `/bars/PAGED?from=2026-11-02&limit=3&order=${order}${cursor}`);
        for (const key of ['expected', 'stored', 'missing', 'doubtful'] as const)
          sum[key] += meta.coverage?.[key] ?? 99;
        cursor = meta.nextCursor === undefined ? '' : `&cursor=${meta.nextCursor}`;
      } while (cursor !== '');
      expect([order, whole]).toMatchObject([order, sum]);
    }
  });

  it('counts bars in doubt, raw ones too, and is silent about the past', async () => {
    const listing = await makeDays('DOUBTED', [17, 18, 19]);
    await world.pool.query(
      `INSERT INTO finding (listing_id, source, row_key, rule, severity, kind, interval, date, at, evidence, batch_id)
       VALUES ($1, 'yahoo', 'x', 'shape', 'doubt', 'bar', '1d', '2026-11-18', '2026-11-18T14:30:00Z',
               '{"code": "outside_range", "fields": ["high"]}', $2)`,
      [listing, batchId],
    );
    for (const quality of ['served', 'raw'])
      expect(await coverage(`DOUBTED?quality=${quality}`)).toMatchObject({ doubtful: 1 });
    expect(await coverage('DOUBTED?knownAt=2030-01-01')).toBeUndefined();
  });

  it('counts sessions of bars of less than a day', async () => {
    const listing = await makeListing(world.pool, 'HOURLY');
    for (const day of ['2026-11-16', '2026-11-18'])
      for (const hour of [14, 15, 16]) await makeBar(listing, `${day}T${hour}:30:00Z`, `${day}T23:00:00Z`, '1h');
    await answered(listing, '{[2026-10-01,2026-11-18]}', '2026-11-20T03:00:00Z', '1h');
    expect(await coverage('HOURLY?interval=1h')).toMatchObject({ expected: 4, stored: 2, missing: 2, doubtful: 0 });
  });
});

describe('a bar', () => {
  const final = async (path: string) =>
    (await read(barsSchema, `/bars/${path}`)).data.bars.map((bar) => [bar.startsAt.slice(0, 16), bar.final]);

  it('is final when it was fetched after its session had settled', async () => {
    const listing = await makeListing(world.pool, 'FINAL');
    await makeBar(listing, '2026-11-17T14:30:00Z', '2026-11-17T21:29:59Z');
    await makeBar(listing, '2026-11-18T14:30:00Z', '2026-11-18T21:30:00Z');
    await makeBar(listing, '2026-11-20T14:30:00Z', '2026-11-20T14:59:00Z');
    expect(await final('FINAL')).toEqual([
      ['2026-11-17T14:30', false],
      ['2026-11-18T14:30', true],
      ['2026-11-20T14:30', false],
    ]);
    // A later answer that has the same bar does not write it again.
    await answered(listing, '{}', '2026-11-18T03:00:00Z');
    expect((await final('FINAL'))[0]).toEqual(['2026-11-17T14:30', true]);
    expect((await final('FINAL?knownAt=2030-01-01'))[0]).toEqual(['2026-11-17T14:30', false]);
    expect((await final('FINAL'))[2]).toEqual(['2026-11-20T14:30', false]);
    await world.pool.query("UPDATE bar SET stale = true WHERE listing_id = $1 AND date = '2026-11-18'", [listing]);
    expect((await final('FINAL'))[1]).toEqual(['2026-11-18T14:30', false]);
    expect(await (await get('/bars/FINAL?format=csv')).text()).toMatch(
      /licence,final,findings,basis\r\n.*,true,,splits\r\n.*,false,,splits\r\n/,
    );
  });

  it('is final by its own time where it is shorter than a day, and by its week or month', async () => {
    const listing = await makeListing(world.pool, 'SHORT');
    await makeBar(listing, '2026-11-20T13:00:00Z', '2026-11-20T14:30:00Z', '1h');
    await makeBar(listing, '2026-11-20T14:00:00Z', '2026-11-20T14:30:00Z', '1h');
    expect((await final('SHORT?interval=1h')).map(([, is]) => is)).toEqual([true, false]);
    for (const interval of ['1wk', '1mo'])
      await world.pool.query(
        `INSERT INTO bar (listing_id, source, interval, starts_at, date, close, currency, basis, basis_at, fetched_at, batch_id)
         SELECT $1, 'yahoo', $2, day + interval '5 hours', day, 100, 'USD', 'splits', '2026-11-14', '2026-11-14', $3
         FROM unnest($4::date[]) AS day`,
        [
          listing,
          interval,
          batchId,
          interval === '1wk' ? ['2026-11-02', '2026-11-09', '2026-11-16'] : ['2026-10-01', '2026-11-01'],
        ],
      );
    expect((await final('SHORT?interval=1wk')).map(([, is]) => is)).toEqual([true, true, false]);
    expect((await final('SHORT?interval=1mo')).map(([, is]) => is)).toEqual([true, false]);
  });
});
