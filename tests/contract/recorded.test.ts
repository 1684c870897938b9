import { describe, expect, it } from 'vitest';
import { runNow } from '../support/pipeline.ts';
import { startRecordedUpstream } from '../support/recorded-upstream.ts';
import { recordingsExist } from '../support/recordings.ts';
import { useWorld } from '../support/use-world.ts';

/** When the quotes were recorded. */
const recordedAt = '2025-02-17T10:54:53Z';
const quotes = {
  AAPL: 'quote-AAPL.json',
  'OCDO.L': 'quote-OCDO.L.json',
  'BTC-USD': 'quote-BTC-USD.json',
  'EURUSD=X': 'quote-EURUSD=X.json',
  'GC=F': 'quote-GC=F.json',
  '0P000071W8.TO': 'quote-0P000071W8.TO.json',
  ADH: 'quote-ADH.json',
};

describe.runIf(recordingsExist)('recorded answers of Yahoo, through the whole pipeline', () => {
  const world = useWorld({ partitionsAt: new Date(recordedAt), keepRows: true });
  const all = async (sql: string) => (await world.pool.query(sql)).rows;

  async function run(
    job: 'quotes' | 'daily-bars',
    symbols: string[],
    recordings: Partial<Parameters<typeof startRecordedUpstream>[0]>,
  ) {
    const upstream = await startRecordedUpstream({ quotes: {}, charts: {}, ...recordings });
    try {
      const { cycle } = world.pipeline({
        sourceUrls: { yahoo: upstream.url },
        symbols,
        now: () => Date.parse(recordedAt),
      });
      const [id] = await cycle(runNow(job, recordedAt));
      return (await world.pool.query('SELECT status, reason, accepted, rejected FROM task WHERE run_id = $1', [id]))
        .rows;
    } finally {
      await upstream.stop();
    }
  }

  it('quotes are stored as the golden records say', async () => {
    const symbols = Object.keys(quotes);
    expect(await run('quotes', symbols, { quotes })).toEqual([
      // Yahoo does not have ADH any more: it is missing, as if nothing had been said of it.
      { status: 'succeeded', reason: null, accepted: 6, rejected: 0 },
    ]);
    const rows = await all(
      `SELECT a.symbol, l.mic, q.currency, q.price, q.previous_close, q.change, q.change_fraction, q.minor_factor, q.session,
              to_char(q.as_of, 'YYYY-MM-DD HH24:MI:SS') AS as_of, q.as_of_basis, q.delay_seconds
       FROM quote q JOIN symbol_alias a USING (listing_id) JOIN listing l ON l.id = q.listing_id
       WHERE a.namespace = 'canonical' ORDER BY a.symbol COLLATE "C"`,
    );
    const golden = (symbol: string, more: object) =>
      expect(rows.find((row) => row.symbol === symbol)).toMatchObject(more);
    expect(rows).toHaveLength(6);
    golden('AAPL', {
      mic: 'XNAS',
      currency: 'USD',
      price: '244.6',
      previous_close: '241.53',
      change: '3.07',
      change_fraction: '0.0127106364',
      as_of: '2025-02-14 21:00:00',
      as_of_basis: 'exchange',
      session: 'closed',
    });
    golden('OCDO.L', {
      mic: 'XLON',
      currency: 'GBP',
      price: '3.088',
      previous_close: '3.152',
      change: '-0.064',
      minor_factor: 100,
      as_of: '2025-02-17 10:38:44',
      delay_seconds: 900,
    });
    golden('BTC-USD', { mic: 'QCRY', currency: 'USD', price: '96077.45', previous_close: '96137.88' });
    golden('EURUSD=X', { mic: 'QFXS', currency: 'USD', price: '1.0489877', previous_close: '1.0495383' });
    golden('GC=F', { mic: 'XCEC', currency: 'USD', price: '2910.3', change: '9.6', delay_seconds: 600 });
    golden('0P000071W8.TO', { mic: 'XTSE', currency: 'CAD', price: '152.63', change: '-0.11' });
    expect(await all('SELECT symbol FROM quarantine')).toEqual([]);
    expect(await all(`SELECT count(*)::int AS rows FROM quote_default`)).toEqual([{ rows: 0 }]);
  });

  it('statistics are kept by currency', async () => {
    expect(
      await all('SELECT currency, count, up, down, unchanged FROM batch_statistics ORDER BY currency COLLATE "C"'),
    ).toEqual(
      expect.arrayContaining([
        { currency: 'CAD', count: 1, up: 0, down: 1, unchanged: 0 },
        { currency: 'GBP', count: 1, up: 0, down: 1, unchanged: 0 },
        { currency: 'USD', count: 4, up: 2, down: 2, unchanged: 0 },
      ]),
    );
  });

  it('AAPL from 2020-08-31 to 2020-11-06: 49 daily bars with New York dates, a split and a dividend', async () => {
    expect(await run('daily-bars', ['AAPL'], { charts: { AAPL: 'chart-AAPL-2020-08-31-to-2020-11-07.json' } })).toEqual(
      [{ status: 'succeeded', reason: null, accepted: 49, rejected: 0 }],
    );
    expect(
      await all(
        `SELECT min(date)::text AS first, max(date)::text AS last, count(*)::int AS bars, min(basis) AS basis FROM bar`,
      ),
    ).toEqual([{ first: '2020-08-31', last: '2020-11-06', bars: 49, basis: 'splits' }]);
    expect(await all(`SELECT close, volume FROM bar WHERE date = '2020-08-31'`)).toEqual([
      { close: '129.04', volume: '225702700' },
    ]);
    expect(
      await all(`SELECT type, ex_date::text, ratio, amount, currency FROM corporate_action ORDER BY type`),
    ).toEqual([
      { type: 'dividend', ex_date: '2020-11-06', ratio: null, amount: '0.205', currency: 'USD' },
      { type: 'split', ex_date: '2020-08-31', ratio: '4', amount: null, currency: null },
    ]);
  });

  it('a weekend of minutes has no bars and no error', async () => {
    const weekend = 'chart-AAPL-2025-02-01-to-2025-02-02-includePrePost-false-interval-1m.json';
    expect(await run('daily-bars', ['AAPL'], { charts: { AAPL: weekend } })).toMatchObject([
      { status: 'succeeded', accepted: 0, rejected: 0 },
    ]);
  });

  it('the error page is a failure with its reason', async () => {
    expect(await run('quotes', ['AAPL'], { quotes: { AAPL: 'pageWithUnknownError.json' } })).toEqual([
      { status: 'failed', reason: 'not_found', accepted: 0, rejected: 0 },
    ]);
  });
});
