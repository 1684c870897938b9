/** The simulated CoinGecko: `/api/v3/coins/markets`. Prices are those of the simulated Yahoo's coins. */
import { toCanonical } from '../../../core/sources/coingecko/coins.ts';
import { type Answer, json, type Request } from '../answer.ts';
import type { SimSource, Simulation, Simulator } from '../simulator.ts';
import { type SimMarket, snapshotOf } from '../yahoo/market.ts';
import { pricesOf, shortest } from '../yahoo/prices.ts';
import { allInstruments, instrumentOf, type SimInstrument } from '../yahoo/universe.ts';

const source = 'coingecko';
const day = 86_400_000;

/** CoinGecko, simulated. */
export const simulator: Simulator = {
  start: simulateCoinGecko,
  faults: { drift: 'schema_drift', unit: 'implausible', stale: 'stale' },
};

function simulateCoinGecko(options: Simulation): SimSource {
  const { seed, alwaysOpen, control, now } = options;
  const market: SimMarket = { seed, alwaysOpen, priceOf: pricesOf(seed) };

  function coin(id: string, instrument: SimInstrument): Record<string, unknown> {
    const wanted = control.hit('price', source, 'quote', id);
    const age = control.hit('stale', source, 'quote', id)?.ageMs ?? 0;
    const snapshot = snapshotOf(market, instrument, now() - age);
    const times = control.hit('unit', source, 'quote', id) === undefined ? 1 : 100;
    const price = shortest(wanted?.price ?? snapshot.close) * times;
    const before = market.priceOf(instrument, snapshot.at - day) * times;
    const row = {
      id,
      symbol: instrument.symbol.split('-')[0]?.toLowerCase(),
      name: instrument.shortName.replace(/ USD$/, ''),
      image: `https://assets.coingecko.com/coins/images/1/large/${id}.png`,
      current_price: price,
      market_cap: Math.round(price * 19_000_000),
      market_cap_rank: 1,
      fully_diluted_valuation: Math.round(price * 21_000_000),
      total_volume: snapshot.volume,
      high_24h: Math.max(price, shortest(snapshot.high) * times),
      low_24h: Math.min(price, shortest(snapshot.low) * times),
      price_change_24h: price - before,
      price_change_percentage_24h: Number((((price - before) / before) * 100).toFixed(5)),
      market_cap_change_24h: null,
      market_cap_change_percentage_24h: null,
      circulating_supply: 19_000_000,
      total_supply: 21_000_000,
      max_supply: 21_000_000,
      ath: price * 1.4,
      ath_change_percentage: -28.57,
      ath_date: '2021-11-10T14:24:11.849Z',
      atl: 67.81,
      atl_change_percentage: 27_385.05,
      atl_date: '2013-07-06T00:00:00.000Z',
      roi: null,
      last_updated: wanted?.asOf ?? new Date(snapshot.at).toISOString(),
    };
    if (control.hit('drift', source, 'quote', id) === undefined) return row;
    const { current_price: usd, last_updated: updated, ...rest } = row;
    return { ...rest, price: { usd }, last_updated_at: Date.parse(updated) / 1000 };
  }

  function markets(request: Request): Answer {
    const currency = request.query.get('vs_currency');
    if (currency === null) return json(422, { error: 'Missing parameter vs_currency' });
    if (currency !== 'usd') return json(400, { error: 'invalid vs_currency' });
    const asked = (request.query.get('ids') ?? '').split(',').filter(Boolean);
    const coins = (asked.length > 0 ? asked : allCoins()).flatMap((id) => {
      const instrument = instrumentOf(toCanonical(id));
      return instrument?.quoteType === 'CRYPTOCURRENCY' ? [coin(id, instrument)] : [];
    });
    return json(200, coins, { 'cache-control': 'max-age=30, public, must-revalidate, s-maxage=60' });
  }

  return {
    kindOf: (path) => (path === '/api/v3/coins/markets' ? 'quote' : 'other'),
    tooMany: (retryAfterSeconds) => json(429, limited, { 'retry-after': String(retryAfterSeconds) }),
    answer: (request) =>
      request.path === '/api/v3/coins/markets'
        ? markets(request)
        : json(404, { error: 'Incorrect path. Please check https://www.coingecko.com/api/' }),
  };
}

const limited = {
  status: {
    error_code: 429,
    error_message:
      "You've exceeded the Rate Limit. Please visit https://www.coingecko.com/en/api/pricing to subscribe to our API plans for higher rate limits.",
  },
};

function allCoins(): string[] {
  const ids = ['bitcoin', 'ethereum', 'solana'];
  const known = new Set(allInstruments().map(({ symbol }) => symbol));
  return ids.filter((id) => known.has(toCanonical(id)));
}
