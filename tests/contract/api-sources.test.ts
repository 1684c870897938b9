import { beforeEach, describe, expect, it } from 'vitest';
import { postgresState } from '../../core/adapters/postgres/work/state.ts';
import { simulatedKey } from '../../localstack/upstreams/alpha-vantage/alpha-vantage.ts';
import { runNow } from '../support/pipeline.ts';
import { useWorld } from '../support/use-world.ts';

const world = useWorld({ sources: ['yahoo', 'alpha-vantage', 'coingecko'] });
let key: string | null;

beforeEach(async () => {
  key = JSON.stringify({ apiKey: simulatedKey });
  await noteCredentials(true);
});

const noteCredentials = (isSet: boolean) =>
  postgresState(world.pool).call({ op: 'noteCredentials', sourceId: 'alpha-vantage', isSet, keyId: null });
const start = (symbols?: readonly string[]) =>
  world.pipeline({ requestTimeoutMs: 400, credentials: () => key, ...(symbols && { symbols }) });
const all = async (sql: string) => (await world.pool.query(sql)).rows;
const quotes = (sourceId: string) => runNow('quotes', undefined, sourceId);
const latest = () =>
  all(
    `SELECT a.symbol, q.source, q.currency, q.as_of_basis AS basis FROM latest_quote q JOIN symbol_alias a USING (listing_id)
     WHERE a.namespace = 'canonical' ORDER BY 1, 2`,
  );
describe('Alpha Vantage', () => {
  it('gives quotes without currency, which are put on the listing in the catalogue', async () => {
    await start().cycle(quotes('alpha-vantage'));
    expect(await latest()).toEqual([
      { symbol: 'AAPL', source: 'alpha-vantage', currency: 'USD', basis: 'fetched' },
      { symbol: 'MSFT', source: 'alpha-vantage', currency: 'USD', basis: 'fetched' },
    ]);
    expect(await all('SELECT DISTINCT mic FROM listing')).toEqual([{ mic: 'XNAS' }]);
  });

  it('holds back a symbol of which nobody has said the currency, until another source has', async () => {
    const { cycle } = start(['KO']);
    await cycle(quotes('alpha-vantage'));
    expect(await all('SELECT symbol, reason FROM quarantine')).toEqual([{ symbol: 'KO', reason: 'unknown_listing' }]);
    expect(await all('SELECT 1 FROM listing')).toEqual([]);
    await cycle(quotes('yahoo'));
    await cycle(quotes('alpha-vantage'));
    expect(await latest()).toEqual([
      { symbol: 'KO', source: 'alpha-vantage', currency: 'USD', basis: 'fetched' },
      { symbol: 'KO', source: 'yahoo', currency: 'USD', basis: 'exchange' },
    ]);
  });

  it('is not asked for London, of which it does not say whether in pence or in pounds', async () => {
    expect(await start(['VOD.L']).cycle(quotes('alpha-vantage'))).toEqual([]);
    expect(world.upstreams.control.requests(false)['alpha-vantage']).toBeUndefined();
  });

  it('never beats a price with the time of the exchange', async () => {
    const { cycle } = start(['AAPL']);
    await cycle(quotes('yahoo'));
    await cycle(quotes('alpha-vantage'));
    expect(await all('SELECT source, rule, candidates FROM consolidated_quote')).toEqual([
      { source: 'yahoo', rule: 'exchange_time', candidates: 2 },
    ]);
  });

  it('gives daily bars as traded, with dates of New York', async () => {
    await start().cycle(runNow('daily-bars', undefined, 'alpha-vantage'));
    const bars = await all(
      `SELECT count(*)::int AS bars, count(date)::int AS dated, min(basis) AS basis, min(currency) AS currency FROM bar GROUP BY listing_id`,
    );
    expect(bars).toEqual(Array(2).fill({ bars: 100, dated: 100, basis: 'raw', currency: 'USD' }));
  });

  it('is not planned before its key is set, and never asked without one', async () => {
    await noteCredentials(false);
    const { cycle } = start();
    expect(await cycle(quotes('alpha-vantage'))).toEqual([]);
    expect(await cycle({ time: new Date().toISOString() })).not.toEqual([]);
    expect(world.upstreams.control.requests(false)['alpha-vantage']).toBeUndefined();
    expect(await all(`SELECT 1 FROM run WHERE source_id = 'alpha-vantage'`)).toEqual([]);
  });

  it('fails with a clear reason when the secret is gone though the flag says it is set', async () => {
    key = null;
    await start().cycle(quotes('alpha-vantage'));
    expect(await all('SELECT reason, message FROM task')).toEqual([
      { reason: 'auth_expired', message: 'No credentials are set for this source.' },
    ]);
    expect(world.upstreams.control.requests(false)['alpha-vantage']).toBeUndefined();
  });

  it('takes a new key at once, without a deploy', async () => {
    const { cycle, blobs } = start();
    await cycle(quotes('alpha-vantage'));
    key = JSON.stringify({ apiKey: 'ANOTHERKEY000002' });
    await noteCredentials(true);
    await cycle(quotes('alpha-vantage'));
    expect(await all(`SELECT status FROM task`)).toEqual([{ status: 'succeeded' }, { status: 'succeeded' }]);
    for (const name of blobs.blobs.keys())
      expect(JSON.stringify(await blobs.get(name))).not.toMatch(/SIMULATEDALPHA01|ANOTHERKEY000002/);
  });

  it('asks a refused key once and not again', async () => {
    world.upstreams.control.switch({ source: 'alpha-vantage', fault: 'expired', on: true });
    await start().cycle(quotes('alpha-vantage'));
    expect(world.upstreams.control.requests(false)['alpha-vantage']).toMatchObject({ total: 1 });
  });

  it('is asked no more often than once in its gap', async () => {
    await start().cycle(quotes('alpha-vantage'));
    const [first = 0, second = 0] = world.upstreams.control.arrivals('alpha-vantage');
    expect(second - first).toBeGreaterThanOrEqual(1_150);
  });
});

describe('CoinGecko', () => {
  it('gives coins by id, and agrees with Yahoo on their price', async () => {
    const { cycle } = start(['BTC-USD', 'ETH-USD', 'AAPL']);
    await cycle(quotes('yahoo'));
    await cycle(quotes('coingecko'));
    expect(await all(`SELECT symbol FROM symbol_alias WHERE namespace = 'coingecko' ORDER BY 1`)).toEqual([
      { symbol: 'bitcoin' },
      { symbol: 'ethereum' },
    ]);
    expect(
      await all(
        `SELECT a.symbol, c.source, c.confidence, c.candidates FROM consolidated_quote c JOIN symbol_alias a USING (listing_id)
         WHERE namespace = 'canonical' ORDER BY 1`,
      ),
    ).toEqual([
      { symbol: 'AAPL', source: 'yahoo', confidence: 'single', candidates: 1 },
      { symbol: 'BTC-USD', source: 'coingecko', confidence: 'agreed', candidates: 2 },
      { symbol: 'ETH-USD', source: 'coingecko', confidence: 'agreed', candidates: 2 },
    ]);
  });

  it('that says another price than Yahoo makes it disputed', async () => {
    const { cycle } = start(['BTC-USD']);
    await cycle(quotes('yahoo'));
    const [yahoo] = await all('SELECT price FROM latest_quote');
    const price = Number(yahoo?.price) * 1.2;
    world.upstreams.control.switch({ source: 'coingecko', fault: 'price', on: true, symbol: 'bitcoin', price });
    await cycle(quotes('coingecko'));
    expect(await all('SELECT confidence, candidates FROM consolidated_quote')).toEqual([
      { confidence: 'disputed', candidates: 2 },
    ]);
  });

  it('is asked for nothing when none of the symbols is a coin', async () => {
    expect(await start(['AAPL']).cycle(quotes('coingecko'))).toEqual([]);
  });
});
