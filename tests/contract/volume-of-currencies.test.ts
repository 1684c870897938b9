import { expect, it } from 'vitest';
import { inWorld, yahooQuote } from '../support/yahoo-quote.ts';

/** Stored before it was known that currencies have no volume: the rows stay as they came. */
it('is none, in rows that were stored with 0, too', () =>
  inWorld(async (world) => {
    const at = Date.parse('2026-11-16T16:40:00Z');
    world.setClock(new Date(at));
    const row = {
      ...{ symbol: 'EURUSD=X', quoteType: 'CURRENCY', exchange: 'CCY', currency: 'USD' },
      ...{ exchangeTimezoneName: 'Europe/London', regularMarketPrice: 1.0512, regularMarketVolume: 0 },
      regularMarketTime: (at - 600_000) / 1_000,
    };
    await world.ingest({ source: 'yahoo', kind: 'quotes', exchanges: [yahooQuote(row, at)] });
    await world.database.query('UPDATE quote SET volume = 0');
    await world.database.query('UPDATE latest_quote SET volume = 0');
    await world.database.query(
      `INSERT INTO bar (listing_id, source, interval, starts_at, date, open, high, low, close, volume, currency, minor_factor,
                        basis, basis_at, stale, fetched_at, ingested_at, batch_id)
       SELECT listing_id, source, '1d', '2026-11-13', '2026-11-13', price, price, price, price, 0, currency, 1, 'splits', fetched_at,
              false, fetched_at, ingested_at, batch_id FROM latest_quote`,
    );
    for (const path of [
      '/quotes/EURUSD=X?explain=1',
      '/quotes/EURUSD=X/history',
      '/bars/EURUSD=X',
      '/quotes?symbols=EURUSD=X',
    ]) {
      const { body } = await world.get(path);
      expect(JSON.stringify(body), path).toContain('"volume":null');
      expect(JSON.stringify(body), path).not.toContain('"volume":0');
    }
  }, false));
