/** Splits and payments that a source tells days after their ex-date, when it has given bars of before and after it. */
import { beforeEach, describe, expect, it } from 'vitest';
import { barReader } from '../../core/adapters/postgres/prices/bar-reader.ts';
import { postgresIngestStore } from '../../core/adapters/postgres/prices/ingest-store.ts';
import { storedDaysStore } from '../../core/adapters/postgres/prices/stored-days.ts';
import { everySource } from '../../core/auth/visible-sources.ts';
import type { CorporateAction } from '../../core/market/bar.ts';
import type { KnownListing } from '../../core/market/instrument.ts';
import type { IngestStore } from '../../core/ports/ingest-store.ts';
import { judgeStored, nightly } from '../../functions/maintain/judge-stored.ts';
import { storeAnswer } from '../support/judged-answer.ts';
import { barSeries, column, registered } from '../support/quote-store-rows.ts';
import { useWorld } from '../support/use-world.ts';

const world = useWorld({ partitionsAt: new Date(Date.UTC(2026, 10, 20)) });
let store: IngestStore;
beforeEach(() => {
  store = postgresIngestStore(world.pool);
});

/** In the evening of a day of November. */
const evening = (date: number) => Date.UTC(2026, 10, date, 22);

interface Told {
  /** The days of November that the answer has, both included. */
  readonly days: readonly [from: number, to: number];
  readonly fetched: number;
  readonly closeOf: (date: number) => number;
  readonly actions?: readonly CorporateAction[];
}

/** An answer of daily bars, as ingest stores it. */
async function answer(listing: KnownListing, { days: [from, to], fetched, closeOf, actions = [] }: Told) {
  const dates = Array.from({ length: 27 }, (_, index) => 2 + index);
  const series = barSeries(
    listing,
    dates.map((date) => Math.round(closeOf(date) * (1 + 0.01 * Math.sin(date * 1.7)) * 100) / 100),
    { fetchedAt: evening(fetched), actions },
  );
  await storeAnswer(store, 'test', { ...series, bars: series.bars.slice(from - 2, to - 1) });
}

const stale = (listing: KnownListing) =>
  column(world.pool, 'SELECT extract(day FROM date) FROM bar WHERE listing_id = $1 AND stale ORDER BY date', [
    listing.id,
  ]);
const wanted = (listing: KnownListing) =>
  column(world.pool, "SELECT why || ' ' || from_date || ' ' || to_date FROM repair_wanted WHERE listing_id = $1", [
    listing.id,
  ]);
const findings = (listing: KnownListing) =>
  column(
    world.pool,
    `SELECT rule || ' ' || kind || ' ' || date || ' ' || severity || ' ' || (evidence->>'code') FROM finding
     WHERE listing_id = $1 AND status = 'open' ORDER BY date, rule`,
    [listing.id],
  );

const judge = () => judgeStored(storedDaysStore(world.pool), Date.UTC(2026, 10, 20, 2), nightly);

describe('a split of the 10th that is told on the 17th', () => {
  const split: CorporateAction = { type: 'split', exDate: '2026-11-10', ratio: '4', amount: null, currency: null };
  /** In the shares of each day, and in those of today. */
  const [traded, adjusted] = [(date: number) => (date < 10 ? 400 : 100), () => 100];
  const dates = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => String(from + index));

  it('makes bars stale that were read in old shares, day by day or all at once days after it', async () => {
    const daily = await registered(world.pool, 'test', 'DAILY');
    for (const date of [4, 6, 8, 10, 12, 14, 16])
      await answer(daily, { days: [date - 2, date], fetched: date, closeOf: traded });
    const atOnce = await registered(world.pool, 'test', 'ATONCE');
    await answer(atOnce, { days: [2, 14], fetched: 14, closeOf: traded });
    for (const listing of [daily, atOnce]) {
      expect(await stale(listing)).toEqual([]);
      await answer(listing, { days: [15, 17], fetched: 17, closeOf: adjusted, actions: [split] });
      expect(await stale(listing)).toEqual(dates(2, 9));
      expect(await wanted(listing)).toEqual(['stale 2026-11-02 2026-11-09']);
      await answer(listing, { days: [2, 18], fetched: 18, closeOf: adjusted, actions: [split] });
      expect(await stale(listing)).toEqual([]);
      await judge();
      expect(await findings(listing)).toEqual([]);
    }
  });

  it('leaves bars as they are that had it in them already', async () => {
    const listing = await registered(world.pool, 'test', 'TAKENIN');
    await answer(listing, { days: [2, 14], fetched: 14, closeOf: adjusted });
    await answer(listing, { days: [15, 17], fetched: 17, closeOf: adjusted, actions: [split] });
    expect(await stale(listing)).toEqual([]);
    expect(await findings(listing)).toEqual([]);
  });

  it('and that the source tells without adjusting for it is found on the rows before it', async () => {
    const listing = await registered(world.pool, 'test', 'NEVER');
    await answer(listing, { days: [2, 14], fetched: 14, closeOf: traded });
    await answer(listing, { days: [2, 17], fetched: 17, closeOf: traded, actions: [split] });
    await judge();
    expect(await findings(listing)).toEqual(
      dates(2, 9).map((date) => `splits bar 2026-11-${date.padStart(2, '0')} wrong split_not_applied`),
    );
  });

  it('is not known before it was told, and the bars are then as they were read', async () => {
    const listing = await registered(world.pool, 'test', 'THEN');
    await answer(listing, { days: [2, 14], fetched: 14, closeOf: traded });
    const [before] = await column(world.pool, 'SELECT clock_timestamp()::text');
    await answer(listing, { days: [15, 17], fetched: 17, closeOf: adjusted, actions: [split] });
    const seen = async (knownAt: string | null) => {
      const reader = barReader(world.pool)(everySource);
      const of = { listingId: listing.id, source: 'test', interval: '1d', zone: 'America/New_York', knownAt } as const;
      const span = { from: '-infinity', to: 'infinity', order: 'asc', after: null, limit: 100 } as const;
      const bars = await reader.bars({ ...of, ...span });
      const actions = await reader.actions(listing.id, of.zone, knownAt);
      return { bars: bars.length, stale: bars.filter((bar) => bar.stale).length, splits: actions.length };
    };
    expect(await seen(before ?? '')).toEqual({ bars: 13, stale: 0, splits: 0 });
    expect(await seen(null)).toEqual({ bars: 16, stale: 8, splits: 1 });
    expect(await seen('infinity')).toEqual({ bars: 16, stale: 8, splits: 1 });
  });
});

describe('a payment of the 10th that is told on the 17th, beside later bars', () => {
  const paid = (amount: string): CorporateAction => ({
    ...{ type: 'dividend', exDate: '2026-11-10', ratio: null, amount, currency: 'USD' },
  });
  it.each([
    ['shows in the fall of that day', 'SHOWS', 90, '10', []],
    ['does not show: the price did not fall', 'HIDES', 100, '10', ['doubt dividend_not_seen']],
    ['is more than the price', 'MORE', 100, '500', ['wrong dividend_unit']],
  ])('%s', async (_, symbol, after, amount, expected) => {
    const listing = await registered(world.pool, 'test', symbol);
    const closeOf = (date: number) => (date < 10 ? 100 : after);
    await answer(listing, { days: [2, 16], fetched: 16, closeOf });
    await judge();
    expect(await findings(listing)).toEqual([]);
    await answer(listing, { days: [14, 17], fetched: 17, closeOf, actions: [paid(amount)] });
    expect(
      await column(world.pool, 'SELECT ex_date::text FROM corporate_action WHERE listing_id = $1', [listing.id]),
    ).toHaveLength(1);
    await judge();
    expect((await findings(listing)).map((line) => line?.split(' ').slice(3).join(' '))).toEqual(expected);
    // An answer that has the day and leaves the payment out takes it back.
    await answer(listing, { days: [2, 18], fetched: 18, closeOf });
    await judge();
    expect(await findings(listing)).toEqual([]);
  });
});
