import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { makeKeys } from '../support/api-fixture.ts';
import type { OpenWorld } from '../support/world.ts';
import { inWorld, listingChanges, yahooQuote } from '../support/yahoo-quote.ts';

const day = 86_400_000;
const start = Date.parse('2026-05-04T20:30:00Z');
const former = 'Fairweather Holdings plc';
const latter = 'Quantara Group, Inc.';

interface Said {
  readonly day: number;
  readonly name?: string | null;
  readonly price: number;
  readonly previousClose?: number;
  readonly currency?: string;
  readonly type?: string;
  /** Days after the first answer. */
  readonly firstTraded?: number;
  /** The day on which it is read: that of its fetch, unless given. */
  readonly readOn?: number;
}

/** What Yahoo answers on the symbol, so many days after the first answer. */
async function answer(world: OpenWorld, { day: days, name = former, price, type = 'EQUITY', ...said }: Said) {
  const at = start + days * day;
  world.setClock(new Date(start + (said.readOn ?? days) * day));
  const row = {
    symbol: 'ANMX',
    quoteType: type,
    exchange: 'NMS',
    currency: said.currency ?? 'USD',
    exchangeTimezoneName: 'America/New_York',
    longName: name,
    regularMarketPrice: price,
    regularMarketPreviousClose: said.previousClose ?? price,
    regularMarketTime: (at - 600_000) / 1_000,
    ...(said.firstTraded === undefined ? {} : { firstTradeDateMilliseconds: start + said.firstTraded * day }),
  };
  return world.ingest({ source: 'yahoo', kind: 'quotes', exchanges: [yahooQuote(row, at)] });
}

const listings = async (world: OpenWorld) =>
  (
    await world.database.query(
      `SELECT a.symbol, a.valid_to::text AS until, i.name, i.status, l.currency, l.minor_factor AS "minorFactor", i.asset_class AS "assetClass"
       FROM symbol_alias a JOIN listing l ON l.id = a.listing_id JOIN instrument i ON i.id = l.instrument_id
       WHERE a.namespace = 'canonical' ORDER BY l.id`,
    )
  ).rows;
const findings = async (world: OpenWorld) =>
  (await world.database.query("SELECT id, status, evidence->>'said' AS said FROM finding ORDER BY id")).rows;

async function decide(world: OpenWorld, verb: 'accept' | 'dismiss') {
  const { operate } = await makeKeys(world.pool);
  const open = z.array(z.object({ id: z.string() })).parse(await findings(world));
  const ids = open.map(({ id }) => id);
  const answered = await world.api().ask(`/findings/${verb}`, { method: 'POST', key: operate, json: { ids } });
  expect(answered.status).toBe(200);
}

const open = { day: 204, name: latter, price: 48.1 };

describe('a symbol under quite another name', () => {
  it('opens the other instrument when a person accepts the finding, from the day on which it was met', () =>
    inWorld(async (world) => {
      await answer(world, { day: 0, price: 12.4 });
      await answer(world, { ...open, currency: 'USD' });
      expect(await findings(world)).toMatchObject([{ status: 'open', said: latter }]);
      for (const path of ['/quotes/ANMX', '/quotes?symbols=ANMX', '/quotes'])
        expect((await world.get(path)).body).toMatchObject({ warnings: [{ code: 'another_name' }] });
      expect(await listingChanges(world)).toEqual([]);
      await decide(world, 'accept');
      expect((await world.get('/quotes/ANMX')).body).not.toHaveProperty('warnings');
      expect(await listings(world)).toMatchObject([
        { until: '2026-11-24', name: former, status: 'delisted' },
        { until: 'infinity', name: latter, status: 'active' },
      ]);
      expect(await listingChanges(world)).toMatchObject([
        { change: 'instrument', automatic: false, from: '2026-11-24' },
      ]);
      const { held } = await answer(world, { day: 205, name: latter, price: 48.4 });
      expect(held).toEqual([]);
      expect((await world.get('/quotes/ANMX')).body).toMatchObject({
        data: { price: 48.4, instrument: { name: latter } },
      });
      const before = await world.get('/quotes/ANMX/history?to=2026-06-01T00:00:00Z');
      expect(before.body).toMatchObject({ data: [{ price: 12.4 }] });
      await decide(world, 'accept');
      expect(await listings(world)).toHaveLength(2);
      // What came in while it was in doubt stays with the former listing: read again it would be the other's.
    }, false));

  it('keeps its listing under the new name when a person dismisses the finding, and is not in doubt again', () =>
    inWorld(async (world) => {
      await answer(world, { day: 0, price: 12.4 });
      await answer(world, open);
      await decide(world, 'dismiss');
      await answer(world, { ...open, day: 205 });
      expect(await findings(world)).toMatchObject([{ status: 'dismissed' }]);
      expect(await listings(world)).toMatchObject([{ until: 'infinity', name: latter, status: 'active' }]);
    }));

  it('is in doubt no more when the source says the former name again', () =>
    inWorld(async (world) => {
      await answer(world, { day: 0, price: 12.4 });
      await answer(world, open);
      await answer(world, { day: 205, price: 48.2 });
      expect(await findings(world)).toMatchObject([{ status: 'gone' }]);
      expect(await listings(world)).toHaveLength(1);
    }));

  it('is judged by the newest answer, whatever comes late', () =>
    inWorld(async (world) => {
      await answer(world, { day: 0, price: 48 });
      await answer(world, { day: 2, name: latter, price: 48.1 });
      await answer(world, { day: 1, price: 48, readOn: 2.1 });
      expect(await findings(world)).toEqual([]);
      expect(await listings(world)).toMatchObject([{ until: 'infinity', name: latter }]);
    }));

  it('is another one for certain where its kind and its price contradict, and is of that kind', () =>
    inWorld(async (world) => {
      await answer(world, { day: 0, price: 12.4 });
      await answer(world, { ...open, type: 'ETF' });
      expect(await findings(world)).toEqual([]);
      expect(await listings(world)).toMatchObject([
        { until: '2026-11-24', assetClass: 'equity' },
        { until: 'infinity', assetClass: 'etf', name: latter },
      ]);
      expect(await listingChanges(world)).toMatchObject([
        { change: 'instrument', automatic: true, from: '2026-11-24' },
      ]);
    }));

  it('is another one where it has been in another currency for days, too', () =>
    inWorld(async (world) => {
      await answer(world, { day: 0, price: 12.4 });
      for (const days of [200, 202, 203.5]) await answer(world, { ...open, day: days, currency: 'GBp' });
      expect(await listings(world)).toMatchObject([
        { until: '2026-11-20', name: former, status: 'delisted' },
        { until: 'infinity', name: latter, currency: 'GBP', minorFactor: 100 },
      ]);
      expect(await findings(world)).toMatchObject([{ status: 'gone' }]);
      expect(await listingChanges(world)).toMatchObject([{ change: 'instrument', automatic: true }]);
    }));

  it('opens once where two answers on it are read at once', () =>
    inWorld(async (world) => {
      await answer(world, { day: 0, price: 12.4 });
      const newcomer = { ...open, firstTraded: 200 };
      await Promise.all([answer(world, newcomer), answer(world, { ...newcomer, day: 204.01 })]);
      expect(await listings(world)).toHaveLength(2);
      expect(await listingChanges(world)).toHaveLength(1);
    }));

  it('says nothing of a contract, whose name is of its month', () =>
    inWorld(async (world) => {
      await answer(world, { day: 0, price: 70, name: 'Crude Oil Jan 26', type: 'FUTURE' });
      await answer(world, { day: 30, price: 71, name: 'WTI Feb', type: 'FUTURE' });
      expect(await findings(world)).toEqual([]);
    }));
});
