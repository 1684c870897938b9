import { beforeAll, describe, expect, it } from 'vitest';
import { barsSchema } from '../../core/contracts/http/market.ts';
import { iso, json, makeBatch, makeListing, noon } from '../support/api-fixture.ts';
import { useApi } from '../support/use-api.ts';

const { world, get, read } = useApi();
let batchId: string;

beforeAll(async () => {
  batchId = await makeBatch(world.pool);
}, 60_000);

interface BarValues {
  day: string;
  close: string;
  open?: string | null;
  volume?: string | null;
  basis?: string;
  basisAt?: string;
  stale?: boolean;
  interval?: string;
  source?: string;
  startsAt?: string;
}

async function makeBars(listing: number, bars: readonly BarValues[]): Promise<void> {
  for (const bar of bars) {
    const { day, close, open = null, volume = null, basis = 'splits', basisAt = iso(-60), stale = false } = bar;
    const { interval = '1d', source = 'yahoo', startsAt = `${day}T14:30:00Z` } = bar;
    await world.pool.query(
      `INSERT INTO bar (listing_id, source, interval, starts_at, date, open, high, low, close, volume, currency, basis, basis_at, stale, fetched_at, ingested_at, batch_id)
       VALUES ($1, $2, $3, $4, $5, $6, $6, $6, $7, $8, 'USD', $9, $10, $11, $10, $10, $12)`,
      [
        listing,
        source,
        interval,
        startsAt,
        interval === '1d' ? day : null,
        open,
        close,
        volume,
        basis,
        basisAt,
        stale,
        batchId,
      ],
    );
  }
}

/** A bar each tenth day from a day on until the clock's today: enough to show that no split is missing. */
function everyTenDays(from: string, close = '100', more: Partial<BarValues> = {}): BarValues[] {
  const days: BarValues[] = [];
  for (let at = Date.parse(from); at < noon; at += 10 * 86_400_000)
    days.push({ day: new Date(at).toISOString().slice(0, 10), close, ...more });
  return days;
}

async function makeAction(
  listing: number,
  type: 'split' | 'dividend',
  exDate: string,
  value: string,
  more: { knownAt?: string; source?: string; currency?: string | null } = {},
) {
  const { knownAt = iso(-60), source = 'yahoo', currency = 'USD' } = more;
  await world.pool.query(
    `INSERT INTO corporate_action (listing_id, type, ex_date, source, ratio, amount, currency, known_at, batch_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    [
      listing,
      type,
      exDate,
      source,
      type === 'split' ? value : null,
      type === 'dividend' ? value : null,
      type === 'split' ? null : currency,
      knownAt,
      batchId,
    ],
  );
}

const barsOf = (path: string) => read(barsSchema, path);
const closes = async (path: string) => (await barsOf(path)).data.bars.map((bar) => bar.close);

describe('NVDA, which split 4:1 on 2021-07-20 and 10:1 on 2024-06-10', () => {
  // Yahoo's close of 2021-02-01 as recorded long after both: 13.237. On the day it traded at 529.48 (13.237 x 40).
  let listing: number;
  beforeAll(async () => {
    listing = await makeListing(world.pool, 'NVDA');
    await makeBars(listing, [
      { day: '2021-02-01', close: '13.237', open: '13.0425', volume: '206092000' },
      { day: '2021-07-20', close: '18.612', volume: '435248000' },
      ...everyTenDays('2021-02-11', '15').filter((bar) => bar.day !== '2021-07-20'),
    ]);
    await makeAction(listing, 'split', '2021-07-20', '4');
    await makeAction(listing, 'split', '2024-06-10', '10');
  });

  it('reads as given, with the basis that says what it is', async () => {
    const { data, warnings } = await barsOf('/bars/NVDA?to=2021-02-02');
    expect(data).toMatchObject({
      adjustment: 'none',
      basis: 'splits',
      basisAt: iso(-60),
      source: 'yahoo',
      currency: 'USD',
      zone: 'America/New_York',
    });
    expect(data.bars).toEqual([
      {
        startsAt: '2021-02-01T14:30:00.000Z',
        date: '2021-02-01',
        open: 13.0425,
        high: 13.0425,
        low: 13.0425,
        close: 13.237,
        volume: 206092000,
        final: true,
        licence: 'internal',
        findings: [],
      },
    ]);
    expect(warnings).toEqual([]);
  });

  it('reads raw as it traded: both splits undone before the first, one between them', async () => {
    const { data } = await barsOf('/bars/NVDA?adjustment=raw&from=2021-02-01&to=2021-07-21&limit=100');
    expect(data.bars[0]).toMatchObject({ date: '2021-02-01', open: 521.7, close: 529.48, volume: 5152300 });
    // On its ex-date a share is the new share: 18.612 x 10 = 186.12, as it closed.
    expect(data.bars.find((bar) => bar.date === '2021-07-20')).toMatchObject({ close: 186.12, volume: 43524800 });
    expect(data.actions.map(({ type, exDate, ratio }) => [type, exDate, ratio])).toEqual([['split', '2021-07-20', 4]]);
  });

  it('reads the same by splits, since it is on that basis already', async () => {
    expect((await closes('/bars/NVDA?adjustment=splits&to=2021-02-02'))[0]).toBe(13.237);
  });
});

describe('a gap in the daily bars', () => {
  it('could hide a split: raw is 422, never the price that happens to come out', async () => {
    // The recorded NVDA chart alone: one split in its range, and three years that are unknown.
    const listing = await makeListing(world.pool, 'NVDA2021');
    await makeBars(listing, [
      { day: '2021-07-19', close: '18.78', basisAt: iso() },
      { day: '2021-07-20', close: '18.612', basisAt: iso() },
    ]);
    await makeAction(listing, 'split', '2021-07-20', '4');
    const response = await get('/bars/NVDA2021?adjustment=raw');
    expect([response.status, await json(response)]).toMatchObject([
      422,
      { code: 'not_derivable', retryable: false, detail: expect.stringContaining('2021-07-20') },
    ]);
    // A total return ends with the last bar, and what came after changes nothing of it.
    expect(await closes('/bars/NVDA2021?adjustment=splits_and_dividends')).toEqual([18.78, 18.612]);
    expect(await closes('/bars/NVDA2021?adjustment=none')).toEqual([18.78, 18.612]);
  });
});

describe('AAPL in 2020, which split 4:1 on 2020-08-31 and paid 0.205 on 2020-11-06', () => {
  beforeAll(async () => {
    const listing = await makeListing(world.pool, 'AAPL');
    await makeBars(listing, [
      { day: '2020-08-28', close: '124.8075', volume: '187630000' },
      { day: '2020-08-31', close: '129.04', volume: '225702700' },
      { day: '2020-11-05', close: '119.03' },
      { day: '2020-11-06', close: '118.69' },
      ...everyTenDays('2020-09-08').filter((bar) => !bar.day.startsWith('2020-11-0')),
    ]);
    await makeAction(listing, 'split', '2020-08-31', '4');
    await makeAction(listing, 'dividend', '2020-11-06', '0.205');
  });

  it('closed at 499.23 on the Friday before', async () => {
    const { data } = await barsOf('/bars/AAPL?adjustment=raw&to=2020-09-01');
    expect(data.bars.map(({ close, volume }) => [close, volume])).toEqual([
      [499.23, 46907500],
      [129.04, 225702700],
    ]);
  });

  it('adjusted for the dividend is its close times 1 - 0.205/119.03 before the ex-date, and its close from then on', async () => {
    const { data } = await barsOf('/bars/AAPL?adjustment=splits_and_dividends&limit=100');
    const close = new Map(data.bars.map((bar) => [bar.date, bar.close]));
    const factor = 1 - 0.205 / 119.03;
    expect(close.get('2020-08-28')).toBeCloseTo(124.8075 * factor, 5);
    expect(close.get('2020-11-05')).toBeCloseTo(118.825, 9);
    expect(close.get('2020-11-06')).toBe(118.69);
    expect(data.bars.find((bar) => bar.date === '2020-08-28')?.volume, 'a dividend changes no volume').toBe(187630000);
  });

  it('two dividends multiply, each with the close before its own ex-date', async () => {
    const listing = await makeListing(world.pool, 'TWODIV');
    await makeBars(
      listing,
      everyTenDays('2026-09-01').map((bar, index) => ({ ...bar, close: String(100 + index * 10) })),
    );
    // Closes: 09-01 100, 09-11 110, 09-21 120, 10-01 130, ...
    await makeAction(listing, 'dividend', '2026-09-11', '1');
    await makeAction(listing, 'dividend', '2026-10-01', '2');
    const [first, second, third, fourth] = await closes('/bars/TWODIV?adjustment=splits_and_dividends');
    expect(first).toBeCloseTo(100 * (1 - 1 / 100) * (1 - 2 / 120), 5);
    expect(second).toBeCloseTo(110 * (1 - 2 / 120), 5);
    expect(third).toBeCloseTo(120 * (1 - 2 / 120), 5);
    expect(fourth).toBe(130);
  });
});

describe('what the stored rows do not determine', () => {
  it.each([
    [
      'a dividend with no close before it',
      'dividend',
      '2026-11-03',
      { currency: 'USD' },
      [{ day: '2026-11-12', close: '10' }],
    ],
    ['a dividend in another currency', 'dividend', '2026-11-13', { currency: 'EUR' }, []],
    ['a dividend in no currency', 'dividend', '2026-11-13', { currency: null }, []],
    ['a dividend above the price', 'dividend', '2026-11-13', { currency: 'USD' }, []],
  ] as const)('is a 422: %s', async (name, type, exDate, more, _) => {
    const symbol = `ND${name.length}${exDate.slice(-2)}`;
    const listing = await makeListing(world.pool, symbol);
    const bars =
      exDate === '2026-11-03'
        ? [
            { day: '2026-11-02', close: '10', interval: '1h' },
            { day: '2026-11-12', close: '10' },
          ]
        : [
            { day: '2026-11-12', close: '10' },
            { day: '2026-11-16', close: '9' },
          ];
    await makeBars(listing, bars);
    await makeAction(listing, type, exDate, name.endsWith('price') ? '11' : '1', more);
    const interval = exDate === '2026-11-03' ? '1h' : '1d';
    const response = await get(`/bars/${symbol}?adjustment=splits_and_dividends&interval=${interval}`);
    expect([response.status, await json(response)]).toMatchObject([422, { code: 'not_derivable' }]);
  });

  it('is a 422: raw prices of bars that the source gives adjusted for dividends', async () => {
    const listing = await makeListing(world.pool, 'TOTAL');
    await makeBars(listing, everyTenDays('2026-10-01', '10', { basis: 'splits_and_dividends' }));
    await makeAction(listing, 'dividend', '2026-10-11', '1');
    expect((await get('/bars/TOTAL?adjustment=splits')).status).toBe(422);
    expect((await get('/bars/TOTAL?adjustment=raw')).status).toBe(422);
    expect((await closes('/bars/TOTAL?adjustment=splits_and_dividends'))[0]).toBe(10);
  });
});

describe('a split that the source reported after the bars were read', () => {
  let splitListing: number;
  beforeAll(async () => {
    const listing = await makeListing(world.pool, 'SPLIT');
    splitListing = listing;
    await makeBars(listing, [
      { day: '2026-11-02', close: '400', volume: '10', stale: true, basisAt: '2026-11-02T22:00:00Z' },
      { day: '2026-11-12', close: '101', volume: '40', basisAt: '2026-11-12T22:00:00Z' },
    ]);
    await makeAction(listing, 'split', '2026-11-10', '4', { knownAt: '2026-11-12T22:00:00Z' });
  });

  it('is warned of until they are read again', async () => {
    const { data, warnings } = await barsOf('/bars/SPLIT');
    expect(data.bars.map((bar) => bar.close)).toEqual([400, 101]);
    expect(warnings.map((warning) => warning.code)).toEqual(['stale_basis', 'gaps']);
    expect((await get('/bars/SPLIT?format=csv')).headers.get('x-warnings')).toBe('stale_basis, gaps');
    const says = async () => (await barsOf('/bars/SPLIT')).warnings[0]?.message;
    expect(await says()).not.toContain('being read again');
    await world.pool.query(
      `INSERT INTO repair_wanted VALUES ($1, 'yahoo', '1d', 'stale', '2026-11-01', '2026-11-05', now(), now())`,
      [splitListing],
    );
    expect(await says()).toContain('They are being read again.');
  });

  it('is applied where the adjustment is asked for: the bars meet on one basis', async () => {
    const { data } = await barsOf('/bars/SPLIT?adjustment=splits');
    expect(data.bars.map(({ close, volume }) => [close, volume])).toEqual([
      [100, 40],
      [101, 40],
    ]);
    expect(await closes('/bars/SPLIT?adjustment=raw')).toEqual([400, 101]);
  });

  it('within two days of the reading leaves it open whether the prices have it: 422', async () => {
    const listing = await makeListing(world.pool, 'UNSURE');
    await makeBars(listing, [{ day: '2026-11-02', close: '400', stale: true, basisAt: '2026-11-10T22:00:00Z' }]);
    await makeAction(listing, 'split', '2026-11-10', '4', { knownAt: '2026-11-12T22:00:00Z' });
    expect((await get('/bars/UNSURE?adjustment=splits')).status).toBe(422);
  });
});

describe('raw bars', () => {
  it('come to the shares of today by the splits that their source reported', async () => {
    const listing = await makeListing(world.pool, 'RAWSRC');
    await makeBars(listing, [
      { day: '2026-11-02', close: '400', volume: '10', basis: 'raw' },
      { day: '2026-11-12', close: '101', volume: '40', basis: 'raw' },
    ]);
    await makeAction(listing, 'split', '2026-11-10', '4');
    expect(await closes('/bars/RAWSRC?adjustment=raw')).toEqual([400, 101]);
    expect(await closes('/bars/RAWSRC?adjustment=splits')).toEqual([100, 101]);
    await makeAction(listing, 'dividend', '2026-11-10', '1', {});
    // A dividend of a raw source is per share of its ex-date: 1 of the new shares, against a close of 400/4.
    expect(await closes('/bars/RAWSRC?adjustment=splits_and_dividends')).toEqual([99, 101]);
  });
});

describe('bars', () => {
  beforeAll(async () => {
    const listing = await makeListing(world.pool, 'PAGED');
    await makeBars(
      listing,
      ['2026-11-16', '2026-11-17', '2026-11-18', '2026-11-19'].map((day, index) => ({ day, close: `1${index}.5` })),
    );
  });

  it.each(['asc', 'desc'])('page without losing or repeating one, %s', async (order) => {
    const seen: unknown[] = [];
    let cursor = '';
    for (let page = 0; page < 10; page++) {
      const { data, meta } = await barsOf(`/bars/PAGED?limit=1&order=${order}${cursor}`);
      seen.push(...data.bars.map((bar) => bar.close));
      if (!meta.nextCursor) break;
      cursor = `&cursor=${meta.nextCursor}`;
    }
    expect(seen).toEqual(order === 'asc' ? [10.5, 11.5, 12.5, 13.5] : [13.5, 12.5, 11.5, 10.5]);
  });

  it('of years of days end with the newest, for whoever follows no cursor', async () => {
    const listing = await makeListing(world.pool, 'YEARS');
    const days = Array.from({ length: 1_300 }, (_, day) =>
      new Date(Date.UTC(2023, 3, 1 + day)).toISOString().slice(0, 10),
    );
    await makeBars(
      listing,
      days.map((day) => ({ day, close: '10' })),
    );
    const csv = await (await get('/bars/YEARS?format=csv')).text();
    expect(csv.trimEnd().split('\r\n')).toHaveLength(1 + days.length);
    expect((await barsOf('/bars/YEARS')).data.bars.at(-1)?.date).toBe(days.at(-1));
  });

  it('are CSV where that is asked for', async () => {
    const response = await get('/bars/PAGED?limit=2', { accept: 'text/csv' });
    expect(await response.text()).toBe(
      'symbol,date,startsAt,open,high,low,close,volume,currency,source,adjustment,licence,final,findings,basis\r\n' +
        'PAGED,2026-11-16,2026-11-16T14:30:00.000Z,,,,10.5,,USD,yahoo,none,internal,true,,splits\r\n' +
        'PAGED,2026-11-17,2026-11-17T14:30:00.000Z,,,,11.5,,USD,yahoo,none,internal,true,,splits\r\n',
    );
    expect(response.headers.get('x-next-cursor')).toBeTruthy();
  });

  it('of a range without any are none, and no error', async () => {
    const { data } = await barsOf('/bars/PAGED?from=2026-11-21');
    expect([data.bars, data.actions, data.basis]).toEqual([[], [], 'splits']);
  });

  it('of a symbol that has none are a 404 worth trying again', async () => {
    await makeListing(world.pool, 'NOBARS');
    const response = await get('/bars/NOBARS');
    expect([response.status, await json(response)]).toMatchObject([404, { code: 'no_bars', retryable: true }]);
    expect((await get('/bars/PAGED?interval=1m')).status).toBe(404);
    expect((await get('/bars/NEVER')).status).toBe(404);
  });

  it('that were corrected read as they were known', async () => {
    const listing = await makeListing(world.pool, 'FIXEDBAR');
    await makeBars(listing, [{ day: '2026-11-16', close: '10', basisAt: iso(-3600) }]);
    await world.pool.query('UPDATE bar SET close = 11, ingested_at = $2, batch_id = $3 WHERE listing_id = $1', [
      listing,
      iso(-60),
      await makeBatch(world.pool),
    ]);
    expect(await closes('/bars/FIXEDBAR')).toEqual([11]);
    expect(await closes(`/bars/FIXEDBAR?knownAt=${iso(-61)}`)).toEqual([10]);
    expect(await closes(`/bars/FIXEDBAR?knownAt=${iso(-60)}`)).toEqual([11]);
    expect(await closes(`/bars/FIXEDBAR?knownAt=${iso(-3601)}`)).toEqual([]);
  });

  it.each(['interval=2d', 'adjustment=all', 'from=x', 'limit=10001', 'source=NOPE', 'cursor=x'])(
    'refuse %s',
    async (query) => {
      expect((await get(`/bars/PAGED?${query}`)).status).toBe(400);
    },
  );
});
