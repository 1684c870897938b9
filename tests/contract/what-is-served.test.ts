import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { findAliases } from '../../core/adapters/postgres/listings/listing-store.ts';
import { postgresIngestStore } from '../../core/adapters/postgres/prices/ingest-store.ts';
import { findingSchema } from '../../core/contracts/http/findings.ts';
import { quoteSchema } from '../../core/contracts/http/market.ts';
import { type AnsweredListing, putQuotes, type QuoteAnswer } from '../support/quote-answers.ts';
import { barSeries, databaseTime, stored } from '../support/quote-store-rows.ts';
import { useWorld } from '../support/use-world.ts';

const now = Date.UTC(2026, 10, 24, 16);
const minute = 60_000;
const day = 86_400_000;
const world = useWorld();

const ranks = { first: 90, second: 50, third: 40, fourth: 30 };

async function put(of: AnsweredListing, answers: readonly QuoteAnswer[]): Promise<void> {
  await putQuotes(world.pool, of, ranks, answers);
}

/** A source that has been right for three minutes, up to `now` or a time before it. */
const steady = (source: string, price: number, until = now): QuoteAnswer[] =>
  [3, 2, 1].map((before) => ({ source, price, at: until - before * minute }));

async function get(path: string): Promise<unknown> {
  const answer = await world.api().ask(path, { key: (await world.keys()).read });
  expect(answer.status).toBe(200);
  return answer.json();
}

async function served(symbol: string) {
  const body = await get(`/quotes/${symbol}`);
  const { price, currency, source, confidence, rule, provisional } = z.object({ data: quoteSchema }).parse(body).data;
  return { price: Number(price), currency, source, confidence, rule, provisional };
}

async function findings(symbol: string) {
  const body = await get(`/findings?symbol=${symbol}`);
  return z
    .object({ data: z.array(findingSchema) })
    .parse(body)
    .data.map(({ rule, severity, subject }) => `${subject.source} ${subject.kind} ${rule} ${severity}`);
}

async function listingOf(symbol: string) {
  const listing = (await findAliases(world.pool, 'first', [symbol])).get(symbol)?.[0]?.listing;
  if (!listing) throw new Error(`${symbol} was not registered.`);
  return listing;
}

const held = async () => (await world.all('SELECT reason FROM quarantine ORDER BY id')).map((row) => row['reason']);

describe('what several sources say, and what is served', () => {
  const share = { symbol: 'AAPL' };
  const pence = { symbol: 'VOD.L', listing: { mic: 'XLON', currency: 'GBP', minorFactor: 100, zone: 'Europe/London' } };
  const coin = {
    symbol: 'BTC-USD',
    assetClass: 'crypto' as const,
    listing: { mic: 'XCRY', currency: 'USD', minorFactor: 1, zone: 'UTC' },
  };

  it.each<[string, AnsweredListing, readonly QuoteAnswer[], object, readonly string[]]>([
    [
      'a lower rank 0.4 % higher',
      share,
      [...steady('first', 100), ...steady('second', 100.4)],
      { price: 100, source: 'first', confidence: 'agreed' },
      [],
    ],
    [
      'a lower rank 0.6 % higher',
      share,
      [...steady('first', 100), ...steady('second', 100.6)],
      { price: 100, source: 'first', confidence: 'disputed' },
      [],
    ],
    [
      'a lower rank 5 % higher',
      share,
      [...steady('first', 100), ...steady('second', 105)],
      { price: 100, source: 'first', confidence: 'disputed' },
      [],
    ],
    [
      'the first source at 1.8 times, three others right',
      share,
      [...['second', 'third', 'fourth'].flatMap((each) => steady(each, 210)), ...steady('first', 378.04)],
      { price: 210, source: 'second', rule: 'majority', confidence: 'agreed' },
      [],
    ],
    [
      'the first source 5 % higher, two others equal',
      coin,
      [...['second', 'third'].flatMap((each) => steady(each, 88_923)), ...steady('first', 93_369)],
      { price: 88_923, source: 'second', rule: 'majority' },
      [],
    ],
    [
      'the first answer of the first source a hundredfold off',
      coin,
      [...steady('second', 88_000), { source: 'first', price: 880, at: now }],
      { price: 88_000, source: 'second' },
      ['first quote unit wrong'],
    ],
    [
      'the same, where the other one has answered once',
      coin,
      [
        { source: 'second', price: 88_000, at: now - minute },
        { source: 'first', price: 880, at: now },
      ],
      { price: 88_000, source: 'second', confidence: 'disputed', provisional: true },
      ['first quote unit doubt'],
    ],
    [
      'a known listing at a hundred times',
      pence,
      [...steady('first', 0.72), { source: 'first', price: 72, previousClose: 71.5, at: now }],
      { price: 0.72, currency: 'GBP' },
      ['first quote unit wrong'],
    ],
    [
      'another currency',
      share,
      [...steady('first', 100), { source: 'first', price: 92, at: now, currency: 'EUR' }],
      { price: 100, currency: 'USD' },
      [],
    ],
    [
      'pence that are called pounds',
      pence,
      [...steady('first', 0.72), { source: 'first', price: 72, at: now, minorFactor: 1 }],
      { price: 0.72, currency: 'GBP' },
      ['first quote unit wrong'],
    ],
    [
      'one source three days stale',
      share,
      [...steady('first', 80, now - 3 * day), ...['second', 'third'].flatMap((each) => steady(each, 100))],
      { price: 100, source: 'second', confidence: 'agreed' },
      [],
    ],
    [
      'a first quote in another unit, then a right one',
      share,
      [
        { source: 'first', price: 10_000, previousClose: 9_900, at: now - day },
        { source: 'first', price: 100, previousClose: 99, at: now },
      ],
      { price: 100, provisional: true },
      [],
    ],
    [
      'the same, and another right one',
      share,
      [
        { source: 'first', price: 10_000, previousClose: 9_900, at: now - day },
        { source: 'first', price: 100, previousClose: 99, at: now - minute },
        { source: 'first', price: 100.5, previousClose: 99, at: now },
      ],
      { price: 100.5, provisional: false },
      ['first quote unit wrong'],
    ],
    [
      'a settled price against three later answers',
      share,
      [
        ...steady('first', 10_000, now - day),
        ...[40, 20, 0].map((minutes) => ({ source: 'first', price: 100, at: now - minutes * minute })),
      ],
      { price: 100, provisional: false },
      [],
    ],
    [
      'oil below zero',
      { symbol: 'CL=F', assetClass: 'future', listing: { mic: 'XNYM' } },
      [
        { source: 'first', price: 18.27, at: now - day },
        { source: 'first', price: -37.63, previousClose: 18.27, at: now },
      ],
      { price: -37.63 },
      [],
    ],
  ])('%s', async (_, of, answers, expected, found) => {
    await put(of, answers);
    expect(await served(of.symbol)).toMatchObject(expected);
    expect(await findings(of.symbol)).toEqual(found);
    expect(await held()).toEqual(answers.some(({ currency }) => currency) ? ['source_mismatch'] : []);
  });

  it('a pair that the first source inverts: the one that agrees with its own last bar, also as it was known then', async () => {
    const pair = { symbol: 'EURUSD=X', assetClass: 'fx' as const, listing: { mic: 'XFXS', zone: 'Europe/London' } };
    await put(pair, [...steady('second', 1.0978), ...steady('first', 0.9109)]);
    const listing = { ...(await listingOf(pair.symbol)), assetClass: 'fx' } as const;
    const closes = Array.from({ length: 20 }, () => 1.097);
    for (const source of ['first', 'second'])
      await stored(
        postgresIngestStore(world.pool, (each) => (each === 'first' ? 90 : 50)),
        source,
        { bars: [barSeries(listing, closes, { fetchedAt: now })] },
      );
    const right = { price: 1.0978, source: 'second', rule: 'own_bar', confidence: 'disputed' };
    expect(await served(pair.symbol)).toMatchObject(right);
    const then = (await databaseTime(world.pool)).toISOString();
    await put(pair, steady('first', 1.0979, now + 10 * minute));
    expect(await served(pair.symbol)).toMatchObject({ price: 1.0979, source: 'first', confidence: 'agreed' });
    // The rule of today would not see the bars of then.
    expect(await served(`${pair.symbol}?knownAt=${then}`)).toMatchObject(right);
    const kept = await world.all(
      'SELECT source, confidence, inputs FROM consolidated_quote_revision ORDER BY known_to',
    );
    expect(kept.at(-1)).toMatchObject({
      source: 'second',
      inputs: expect.arrayContaining([expect.objectContaining({ source: 'first', price: 0.9109 })]),
    });
  });

  it('a share that moves by a tenth a day, and two feeds that lag behind it: the newest price, by its own bars', async () => {
    const of = { symbol: 'WILD', listing: { zone: 'UTC' } };
    const behind = now - 14 * minute;
    await put(of, [...steady('second', 95, behind), ...steady('third', 95, behind), ...steady('first', 100)]);
    expect(await served(of.symbol)).toMatchObject({ price: 95, rule: 'majority' });
    const listing = await listingOf(of.symbol);
    const closes = Array.from({ length: 20 }, (_, day) => (day % 2 === 0 ? 100 : 112));
    const bars = (of: readonly number[]) => ({ bars: [barSeries(listing, of, { fetchedAt: now })] });
    const store = postgresIngestStore(world.pool, (each) => ranks[each as keyof typeof ranks] ?? 0);
    await stored(store, 'first', bars(closes));
    // Twenty bars have nineteen moves: too few.
    expect(await served(of.symbol)).toMatchObject({ price: 95, rule: 'majority' });
    await stored(store, 'first', bars([...closes, 100, 112]));
    expect(await served(of.symbol)).toMatchObject({ price: 100, source: 'first', confidence: 'agreed' });
    const [kept] = await world.all('SELECT usual_move, inputs FROM consolidated_quote');
    expect(kept).toMatchObject({ usual_move: expect.closeTo(Math.log(1.12) / 1.15, 2) });
  });

  it('a first price is known to have been provisional, until something agreed with it', async () => {
    const of = { symbol: 'NEWC' };
    const then = async () => (await databaseTime(world.pool)).toISOString();
    const known = async (at: string) => (await served(`${of.symbol}?knownAt=${at}`)).provisional;
    await put(of, steady('first', 50).slice(0, 1));
    const first = await then();
    expect(await served(of.symbol)).toMatchObject({ provisional: true });
    await put(of, steady('first', 50).slice(1, 2));
    const second = await then();
    await put(of, steady('second', 50.1).slice(1, 2));
    const third = await then();
    expect(await Promise.all([first, second, third].map(known))).toEqual([true, false, false]);
    expect(await served(of.symbol)).toMatchObject({ provisional: false });
  });

  it('and so where another source agreed with it, or the same fetch was repeated', async () => {
    const then = async () => (await databaseTime(world.pool)).toISOString();
    for (const [symbol, again] of [
      ['ONE', { source: 'second', price: 50.1, at: now }],
      ['TWO', { source: 'first', price: 50, at: now - minute, fetchedAt: now }],
    ] as const) {
      await put({ symbol }, [{ source: 'first', price: 50, at: now - minute }]);
      const before = await then();
      await put({ symbol }, [again]);
      const after = await then();
      expect(await served(`${symbol}?knownAt=${before}`)).toMatchObject({ provisional: true });
      expect(await served(`${symbol}?knownAt=${after}`)).toMatchObject({ provisional: false });
    }
  });

  it('a coin whose price has no previous close: that of a source that agrees', async () => {
    const of = { symbol: 'ETH-USD', assetClass: 'crypto' as const, listing: { mic: 'XCRY', zone: 'UTC' } };
    const second = steady('second', 3_001).map((each) => ({ ...each, previousClose: 2_900 }));
    await put(of, [...second, ...steady('first', 3_000)]);
    const body = z.object({ data: quoteSchema }).parse(await get('/quotes/ETH-USD')).data;
    expect(body).toMatchObject({
      source: 'first',
      price: 3000,
      previousClose: 2900,
      change: 100,
      completedBy: 'second',
    });
    expect(Number(body.changeFraction)).toBeCloseTo(100 / 2900, 9);
    const page = z.object({ data: z.array(quoteSchema) }).parse(await get('/quotes')).data;
    expect(page).toEqual([{ ...body, ageSeconds: page[0]?.ageSeconds }]);
    const { candidates = [] } = z.object({ data: quoteSchema }).parse(await get('/quotes/ETH-USD?explain=1')).data;
    expect(candidates.map(({ source, previousClose }) => [source, previousClose])).toEqual([
      ['first', null],
      ['second', 2900],
    ]);
    await put(
      of,
      steady('second', 3_600, now + 10 * minute).map((each) => ({ ...each, previousClose: 2_900 })),
    );
    await put(of, steady('first', 3_002, now + 10 * minute));
    expect(z.object({ data: quoteSchema }).parse(await get('/quotes/ETH-USD')).data).toMatchObject({
      completedBy: null,
    });
  });
});

it('45 right quotes over 45 days after a wrong first one are all served, from the second on', async () => {
  const symbol = 'VOD.L';
  const listing = { mic: 'XLON', currency: 'GBP', minorFactor: 100, zone: 'Europe/London' };
  const start = now - 46 * day;
  await put({ symbol, listing }, [{ source: 'first', price: 72.15, previousClose: 71.9, at: start }]);
  const prices = Array.from({ length: 45 }, (_, index) => Number((0.72 + 0.001 * index).toFixed(4)));
  for (const [index, price] of prices.entries()) {
    await put({ symbol, listing }, [
      { source: 'first', price, previousClose: price - 0.001, at: start + (index + 1) * day },
    ]);
    expect(await served(symbol)).toMatchObject({ price, provisional: index === 0 });
  }
  const body = await get(`/quotes/${symbol}/history?order=asc&limit=100`);
  const rows = z.object({ data: z.array(z.object({ price: z.coerce.number() })) }).parse(body).data;
  expect(rows.map((row) => row.price)).toEqual(prices);
  expect(await findings(symbol)).toEqual(['first quote unit wrong']);
});
