import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { instrumentReader } from '../../core/adapters/postgres/listings/instrument-reader.ts';
import { quoteReader } from '../../core/adapters/postgres/prices/quote-reader.ts';
import { everySource } from '../../core/auth/visible-sources.ts';
import { openedValiditySchema, quoteSchema } from '../../core/contracts/http/market.ts';
import { makeKeys } from '../support/api-fixture.ts';
import type { OpenWorld } from '../support/world.ts';
import { inWorld, listingChanges, yahooQuote } from '../support/yahoo-quote.ts';

const day = 86_400_000;
const start = Date.parse('2026-11-16T16:40:00Z');

interface Said {
  readonly day: number;
  readonly symbol?: string;
  readonly price: number;
  readonly currency: string;
}

/** What Yahoo answers on a symbol, so many days after the first answer. */
async function answer(world: OpenWorld, { day: days, symbol = 'CPX.L', price, currency }: Said) {
  const at = start + days * day;
  world.setClock(new Date(at));
  const row = {
    symbol,
    quoteType: 'EQUITY',
    exchange: 'LSE',
    currency,
    exchangeTimezoneName: 'Europe/London',
    regularMarketPrice: price,
    regularMarketTime: (at - 600_000) / 1_000,
  };
  return world.ingest({ source: 'yahoo', kind: 'quotes', exchanges: [yahooQuote(row, at)] });
}

async function quoteOf(world: OpenWorld, symbol = 'CPX.L') {
  const { body } = await world.get(`/quotes/${symbol}`);
  const { price, currency } = z.object({ data: quoteSchema.pick({ price: true, currency: true }) }).parse(body).data;
  return `${price} ${currency}`;
}

describe('a listing in another currency', () => {
  it('holds its rows back with the command that opens it, until that is so for days', () =>
    inWorld(async (world) => {
      await answer(world, { day: 0, price: 2450, currency: 'GBp' });
      const first = await answer(world, { day: 1, price: 32.1, currency: 'USD' });
      expect(first.held).toMatchObject([
        { reason: 'source_mismatch', detail: { code: 'other_currency', currency: 'USD', expected: 'GBP' } },
      ]);
      expect(first.held[0]?.detail.text).toContain('npx quotron listings change CPX.L --currency USD');
      await answer(world, { day: 2, price: 32.2, currency: 'USD' });
      expect(await quoteOf(world)).toBe('24.5 GBP');
      expect(await listingChanges(world)).toEqual([]);
      const opening = await answer(world, { day: 4.5, price: 32.4, currency: 'USD' });
      expect(opening.held).toEqual([]);
      expect(await quoteOf(world)).toBe('32.4 USD');
      expect(await listingChanges(world)).toMatchObject([
        {
          change: 'currency',
          automatic: true,
          symbol: 'CPX.L',
          currency: 'USD',
          from: '2026-11-17',
          sourceId: 'yahoo',
        },
      ]);
      // The past stays in pounds.
      const { body } = await world.get('/quotes/CPX.L/history?to=2026-11-16T23:59:59Z');
      expect(body).toMatchObject({ data: [{ price: 24.5, currency: 'GBP' }] });
    }));

  it('stays where prices in its own come between, or from another source', () =>
    inWorld(async (world) => {
      await answer(world, { day: 0, price: 2450, currency: 'GBp' });
      await answer(world, { day: 1, price: 32.1, currency: 'USD' });
      await answer(world, { day: 3, price: 2460, currency: 'GBp' });
      const held = await answer(world, { day: 5, price: 32.4, currency: 'USD' });
      expect(held.held).toHaveLength(1);
      expect(await quoteOf(world)).toBe('24.6 GBP');
      expect(await listingChanges(world)).toEqual([]);
    }));
});

describe('what a person opens', () => {
  it('a currency: the next row is stored', () =>
    inWorld(async (world) => {
      await answer(world, { day: 0, price: 2450, currency: 'GBp' });
      await change(world, 'CPX.L', { change: 'currency', currency: 'USD', from: '2026-11-17' });
      expect((await answer(world, { day: 1, price: 32.1, currency: 'USD' })).held).toEqual([]);
      expect(await quoteOf(world)).toBe('32.1 USD');
    }));

  it('a symbol: both names mean the listing, each at its time', () =>
    inWorld(async (world) => {
      await answer(world, { day: 0, price: 2450, currency: 'GBp' });
      await change(world, 'CPX.L', { change: 'symbol', to: 'CPY.L', from: '2026-11-17' });
      await answer(world, { day: 1, symbol: 'CPY.L', price: 2470, currency: 'GBp' });
      expect(await quoteOf(world, 'CPY.L')).toBe('24.7 GBP');
      expect((await world.get('/quotes/CPX.L')).status).toBe(404);
      const { body } = await world.get('/quotes/CPX.L?knownAt=2026-11-16T20:00:00Z');
      expect(body).toMatchObject({ data: { price: 24.5 } });
      expect((await world.database.query('SELECT id FROM listing')).rows).toHaveLength(1);
    }));

  it('another instrument: its prices are not compared with those of before', () =>
    inWorld(async (world) => {
      for (const days of [0, 0.1, 0.2]) await answer(world, { day: days, price: 2450, currency: 'GBp' });
      await change(world, 'CPX.L', { change: 'instrument', name: 'Another', from: '2026-11-17' });
      await answer(world, { day: 1, price: 20, currency: 'GBp' });
      expect(await quoteOf(world)).toBe('0.2 GBP');
      const { rows } = await world.database.query('SELECT status, name FROM instrument ORDER BY id');
      expect(rows).toMatchObject([{ status: 'delisted' }, { status: 'active', name: 'Another' }]);
    }));

  it.each([
    ['an unknown symbol', 'NOBODY.L', { change: 'symbol', to: 'CPY.L' }, 404],
    ['a symbol that means something', 'CPX.L', { change: 'symbol', to: 'OTHER.L' }, 400],
    ['its own currency', 'CPX.L', { change: 'currency', currency: 'GBP', minorFactor: 100 }, 400],
    ['no currency', 'CPX.L', { change: 'currency', currency: 'XQZ' }, 400],
  ])('not %s', (_, symbol, body, status) =>
    inWorld(async (world) => {
      await answer(world, { day: 0, price: 2450, currency: 'GBp' });
      await answer(world, { day: 0, symbol: 'OTHER.L', price: 100, currency: 'GBp' });
      expect((await ask(world, symbol, body)).status).toBe(status);
      expect(await listingChanges(world)).toEqual([]);
    }),
  );
});

async function ask(world: OpenWorld, symbol: string, body: object): Promise<Response> {
  const { operate } = await makeKeys(world.pool);
  return world.api().ask(`/instruments/${symbol}/change`, { method: 'POST', key: operate, json: body });
}

async function change(world: OpenWorld, symbol: string, body: object): Promise<void> {
  const answered = await ask(world, symbol, body);
  expect(answered.status).toBe(200);
  z.object({ data: openedValiditySchema }).parse(await answered.json());
}

describe('a share that moves to another exchange', () => {
  const said = (exchange: string, days: number, price: number, currency = 'USD') => ({
    ...{ symbol: 'MVD', quoteType: 'EQUITY', exchange, currency, exchangeTimezoneName: 'America/New_York' },
    ...{ regularMarketPrice: price, regularMarketTime: (start + days * day - 600_000) / 1_000 },
  });
  const read = (
    world: OpenWorld,
    exchange: string,
    days: number,
    { readOn = days, price = 40, currency = 'USD' } = {},
  ) => {
    const at = start + days * day;
    world.setClock(new Date(start + readOn * day));
    const exchanges = [yahooQuote(said(exchange, days, price, currency), at)];
    return world.ingest({ source: 'yahoo', kind: 'quotes', exchanges });
  };
  const venue = async (world: OpenWorld) => {
    const { body } = await world.get('/quotes/MVD');
    return z.object({ data: quoteSchema.pick({ instrument: true }) }).parse(body).data.instrument.mic;
  };

  it('is there from the answer on that says so, with its prices of before', () =>
    inWorld(async (world) => {
      await read(world, 'NYQ', 0);
      expect(await venue(world)).toBe('XNYS');
      const moved = await read(world, 'NMS', 1, { price: 41 });
      expect(moved.held).toEqual([]);
      expect(await venue(world)).toBe('XNAS');
      expect(await listingChanges(world)).toMatchObject([
        { change: 'venue', automatic: true, symbol: 'MVD', from: '2026-11-17', sourceId: 'yahoo' },
      ]);
      expect((await world.get('/quotes/MVD/history')).body).toMatchObject({ data: [{ price: 41 }, { price: 40 }] });
    }));

  it('is the one of the day that is asked for: each former one until its last day, also where the share came back', () =>
    inWorld(async (world) => {
      await read(world, 'NYQ', 0);
      await read(world, 'NMS', 3);
      await read(world, 'ASE', 6);
      await read(world, 'NYQ', 9);
      const on = async (days: number) => {
        const date = new Date(start + days * day).toISOString().slice(0, 10);
        const reader = quoteReader(world.pool)(everySource);
        const [listing] = await reader.listings(['MVD'], date);
        const [found] = await instrumentReader(world.pool)(everySource).search({
          ...{ text: 'MVD', date, assetClass: null, after: null, limit: 5 },
        });
        expect(found?.mic).toBe(listing?.mic);
        return listing?.mic;
      };
      expect(await Promise.all([0, 2, 3, 5, 6, 8, 9, 30].map(on))).toEqual([
        ...['XNYS', 'XNYS', 'XNAS', 'XNAS', 'XASE', 'XASE', 'XNYS', 'XNYS'],
      ]);
      // One listing, and one series of prices.
      expect(
        z.object({ data: z.array(z.unknown()) }).parse((await world.get('/quotes/MVD/history')).body).data,
      ).toHaveLength(4);
    }));

  it('stays where another source has named the exchange that it has: a finding says so, until nobody contradicts', () =>
    inWorld(async (world) => {
      await read(world, 'NYQ', 0);
      await world.pool.query(
        `INSERT INTO symbol_alias (namespace, symbol, listing_id, mic) SELECT 'alpha-vantage', 'MVD', id, 'XNYS' FROM listing`,
      );
      for (const days of [1, 2]) expect((await read(world, 'NMS', days)).held).toEqual([]);
      expect(await venue(world)).toBe('XNYS');
      expect(await listingChanges(world)).toEqual([]);
      const doubts = async (status: string) => (await world.get(`/findings?symbol=MVD&status=${status}`)).body;
      const evidence = { code: 'another_venue', known: 'XNYS', said: 'XNAS', from: '2026-11-17' };
      expect(await doubts('open')).toMatchObject({ data: [{ rule: 'venues', severity: 'doubt', evidence }] });
      await world.pool.query("UPDATE symbol_alias SET mic = 'XNAS' WHERE namespace = 'alpha-vantage'");
      await read(world, 'NMS', 3);
      expect(await venue(world)).toBe('XNAS');
      expect(await doubts('open')).toMatchObject({ data: [] });
      expect(await listingChanges(world)).toHaveLength(1);
      // The other one now stands for the new exchange, so this source alone does not move it back.
      await read(world, 'NYQ', 4);
      expect(await venue(world)).toBe('XNAS');
    }));

  it('stays where an answer of before comes late, one names no known exchange, or another currency', () =>
    inWorld(async (world) => {
      await read(world, 'NMS', 1);
      await read(world, 'NYQ', 0, { readOn: 1.1 });
      expect(await venue(world)).toBe('XNAS');
      await read(world, 'YHD', 2);
      expect(await venue(world)).toBe('XNAS');
      await read(world, 'LSE', 3, { currency: 'GBp', price: 3_000 });
      expect(await venue(world)).toBe('XNAS');
      expect(await listingChanges(world)).toEqual([]);
    }));
});
