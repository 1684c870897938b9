import { beforeEach, describe, expect, it } from 'vitest';
import { postgresIngestStore } from '../../core/adapters/postgres/prices/ingest-store.ts';
import { storedDaysStore } from '../../core/adapters/postgres/prices/stored-days.ts';
import type { CorporateAction } from '../../core/market/bar.ts';
import type { KnownListing } from '../../core/market/instrument.ts';
import type { IngestStore } from '../../core/ports/ingest-store.ts';
import { judgeStored, nightly } from '../../functions/maintain/judge-stored.ts';
import { column, registered, stored } from '../support/quote-store-rows.ts';
import { useWorld } from '../support/use-world.ts';

const day = 86_400_000;
const now = Date.UTC(2026, 10, 30, 2);
const world = useWorld({ partitionsAt: new Date(now) });
let store: IngestStore;
beforeEach(() => {
  store = postgresIngestStore(world.pool);
});

/** The weekdays of twelve weeks before now, oldest first. */
const days = Array.from({ length: 84 }, (_, index) =>
  new Date(now - (84 - index) * day).toISOString().slice(0, 10),
).filter((date) => ![0, 6].includes(new Date(date).getUTCDay()));
const dateOf = (index: number) => days[index] ?? '';

/** Stores closes around 100, each times its factor, as a release without rules would. */
async function store60(
  listing: KnownListing,
  factor: (index: number) => number = () => 1,
  actions: readonly CorporateAction[] = [],
  source = 'test',
) {
  const bars = days.map((date, index) => {
    const close = String(Math.round((100 + Math.sin(index * 1.7)) * factor(index) * 100) / 100);
    const startsAt = Date.parse(`${date}T14:30:00Z`);
    const prices = { open: close, high: close, low: close, close, volume: '1000' };
    return { interval: '1d' as const, startsAt, date, ...prices, currency: 'USD', minorFactor: 1 };
  });
  const fetchedAt = now - 3_600_000;
  const series = {
    listing,
    symbol: 'X',
    basis: 'splits' as const,
    basisAt: fetchedAt,
    bars,
    actions,
    fetchedAt,
    path: 'x',
  };
  await stored(store, source, { bars: [series] });
}

const findings = (listing: KnownListing) =>
  column(
    world.pool,
    `SELECT source || ' ' || rule || ' ' || kind || ' ' || date || ' ' || severity || ' ' || status FROM finding
     WHERE listing_id = $1 ORDER BY source, date, rule`,
    [listing.id],
  );
const judge = (limits = nightly) => judgeStored(storedDaysStore(world.pool), now, limits);

describe('stored bars', () => {
  it('are judged again, and what is found opens once, however often', async () => {
    const listing = await registered(world.pool, 'test', 'AGAIN');
    await store60(listing, (index) => (index === 40 ? 100 : 1));
    expect(await findings(listing)).toEqual([]);
    expect(await judge()).toEqual({ series: 1, done: true });
    await judge();
    expect(await findings(listing)).toEqual([`test unit bar ${dateOf(40)} wrong open`]);
    expect(await column(world.pool, "SELECT why || ' ' || from_date FROM repair_wanted")).toEqual([
      `wrong ${dateOf(40)}`,
    ]);
  });

  it('are judged with what a dividend made them fall by', async () => {
    const listing = await registered(world.pool, 'test', 'FALL');
    const paid: CorporateAction = { type: 'dividend', exDate: dateOf(45), ratio: null, amount: '500', currency: 'USD' };
    await store60(listing, (index) => (index >= 45 ? 0.95 : 1), [paid]);
    await judge();
    expect(await findings(listing)).toEqual([`test dividends dividend ${dateOf(45)} wrong open`]);
  });

  it('lose findings that do not hold, but none that is decided or rests on what is not stored', async () => {
    const listing = await registered(world.pool, 'test', 'GONE');
    await store60(listing);
    const put = (index: number, rule: string, status: string, evidence: object, source = 'test') =>
      world.pool.query(
        `INSERT INTO finding (listing_id, source, row_key, rule, severity, kind, interval, date, at, said, evidence, status, batch_id)
         SELECT $1, $6, $2::text || $3::text, $2::text, 'wrong', 'bar', '1d', date, starts_at, close, $4, $5, 1 FROM bar WHERE listing_id = $1 AND date = $3::text::date`,
        [listing.id, rule, dateOf(index), evidence, status, source],
      );
    await put(30, 'shape', 'open', { code: 'closed_day' });
    await put(31, 'shape', 'dismissed', { code: 'closed_day' });
    await put(32, 'unit', 'open', { code: 'other_unit', factor: 0.01, fields: ['close'], witness: 'market_price' });
    await put(33, 'history', 'open', { code: 'history_moved', stored: 1, ratio: 1 });
    await put(2, 'shape', 'open', { code: 'closed_day' });
    await judge();
    expect((await findings(listing)).map((line) => line?.split(' ').at(-1))).toEqual([
      'open',
      'gone',
      'dismissed',
      'open',
      'open',
    ]);
  });

  it('of three sources are compared by day', async () => {
    const listing = await registered(world.pool, 'one', 'THREE');
    for (const source of ['one', 'two']) await store60(listing, undefined, [], source);
    await store60(listing, (index) => (index === 50 ? 1.1 : 1), [], 'odd');
    await judge();
    expect((await findings(listing)).filter((line) => line?.includes('sources'))).toEqual([
      `odd sources bar ${dateOf(50)} wrong open`,
    ]);
  });
});

describe('a run', () => {
  it('ends at its limit, and the next goes on behind it, until it begins again', async () => {
    const listings: KnownListing[] = [];
    for (const symbol of ['A', 'B', 'C', 'D', 'E']) listings.push(await registered(world.pool, 'test', symbol));
    for (const listing of listings) await store60(listing, (index) => (index === 40 ? 100 : 1));
    const found = async () => (await Promise.all(listings.map(findings))).map((each) => each.length);
    const limits = { ...nightly, series: 2 };
    expect(await judge(limits)).toEqual({ series: 2, done: false });
    expect(await found()).toEqual([1, 1, 0, 0, 0]);
    await judge(limits);
    expect(await judge(limits)).toEqual({ series: 1, done: true });
    expect(await found()).toEqual([1, 1, 1, 1, 1]);
    expect(await judge()).toEqual({ series: 5, done: true });
  });
});
