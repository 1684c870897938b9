/**
 * The simulated Alpha Vantage: `/query?function=…&symbol=…&apikey=…`. Prices are those of the simulated Yahoo, as text
 * with four decimals. All errors come inside a 200.
 */
import { toCanonical } from '../../../core/sources/alpha-vantage/symbols.ts';
import { type Answer, json, type Request } from '../answer.ts';
import type { RequestKind } from '../control.ts';
import type { SimSource, Simulation, Simulator } from '../simulator.ts';
import { dayOf, sessionOf, trades } from '../yahoo/calendar.ts';
import { type SimMarket, snapshotOf, stretchOf } from '../yahoo/market.ts';
import { pricesOf } from '../yahoo/prices.ts';
import { instrumentOf, type SimInstrument } from '../yahoo/universe.ts';
import { dayUsedUp, invalidCall, invalidKey, throttled } from './excuses.ts';

const source = 'alpha-vantage';
/** Bars of an answer of output size `compact`. */
const compact = 100;
const key = /^[A-Z0-9]{16}$/;

/** A key that the simulator accepts, like any other of sixteen capitals and digits. */
export const simulatedKey = 'SIMULATEDALPHA01';

/** Alpha Vantage, simulated. */
export const simulator: Simulator = {
  start: simulateAlphaVantage,
  credentials: { apiKey: simulatedKey },
  faults: {
    drift: 'schema_drift',
    unit: 'implausible',
    stale: 'stale',
    expired: 'auth_expired',
    throttle: 'rate_limited',
    quota: 'quota_exhausted',
  },
};

function simulateAlphaVantage(options: Simulation): SimSource {
  const { seed, alwaysOpen, control, now } = options;
  const market: SimMarket = { seed, alwaysOpen, priceOf: pricesOf(seed) };

  function quote(symbol: string): Answer {
    const instrument = listed(symbol);
    if (instrument === undefined) return json(200, { 'Global Quote': {} });
    const wanted = control.hit('price', source, 'quote', symbol);
    const age = control.hit('stale', source, 'quote', symbol)?.ageMs ?? 0;
    const snapshot = snapshotOf(market, instrument, now() - age);
    const times = control.hit('unit', source, 'quote', symbol) === undefined ? 1 : 100;
    const price = (wanted?.price ?? snapshot.close) * times;
    const previous = snapshot.previousClose * times;
    const row: Record<string, string> = {
      '01. symbol': symbol,
      '02. open': text(snapshot.open * times),
      '03. high': text(Math.max(snapshot.high * times, price)),
      '04. low': text(Math.min(snapshot.low * times, price)),
      '05. price': text(price),
      '06. volume': String(snapshot.volume),
      '07. latest trading day': dateOf(instrument, snapshot.at),
      '08. previous close': text(previous),
      '09. change': text(price - previous),
      '10. change percent': `${(((price - previous) / previous) * 100).toFixed(4)}%`,
    };
    if (control.hit('drift', source, 'quote', symbol) !== undefined) {
      const { '05. price': last = '', ...rest } = row;
      return json(200, { 'Global Quote': { ...rest, '05. last': last } });
    }
    return json(200, { 'Global Quote': row });
  }

  function series(symbol: string): Answer {
    const instrument = listed(symbol);
    if (instrument === undefined) return json(200, invalidCall('TIME_SERIES_DAILY'));
    const at = now() - (control.hit('stale', source, 'chart', symbol)?.ageMs ?? 0);
    const times = control.hit('unit', source, 'chart', symbol) === undefined ? 1 : 100;
    const bars = new Map<string, Record<string, string>>();
    let made = 0;
    for (let day = dayOf(instrument.exchange, at); made < compact; day--) {
      if (!trades(instrument.exchange, day)) continue;
      const session = sessionOf(instrument.exchange, day);
      if (session.opensAt > at) continue;
      made++;
      const end = Math.min(at, session.closesAt);
      const { open, high, low, close, volume } = stretchOf(market, instrument, session.opensAt, end, session.closesAt);
      bars.set(session.date, {
        '1. open': text(open * times),
        '2. high': text(high * times),
        '3. low': text(low * times),
        '4. close': text(close * times),
        '5. volume': String(volume),
      });
    }
    const meta = {
      '1. Information': 'Daily Prices (open, high, low, close) and Volumes',
      '2. Symbol': symbol,
      '3. Last Refreshed': bars.keys().next().value ?? '',
      '4. Output Size': 'Compact',
      '5. Time Zone': 'US/Eastern',
    };
    const drifted = control.hit('drift', source, 'chart', symbol) !== undefined;
    return json(200, {
      'Meta Data': meta,
      [drifted ? 'Daily Series' : 'Time Series (Daily)']: Object.fromEntries(bars),
    });
  }

  return {
    kindOf: (_path, query) => kindOf(query.get('function')),
    answer(request: Request) {
      if (request.path !== '/query') return json(404, { detail: 'Not Found' });
      const name = request.query.get('function') ?? '';
      const kind = kindOf(name);
      const given = request.query.get('apikey') ?? '';
      if (control.hit('expired', source, kind) !== undefined || !key.test(given)) return json(200, invalidKey);
      if (control.hit('quota', source, kind) !== undefined) return json(200, dayUsedUp(given));
      const limited = control.hit('throttle', source, kind);
      if (limited !== undefined) return json(200, throttled[limited.wording % throttled.length] ?? {});
      const symbol = (request.query.get('symbol') ?? '').toUpperCase();
      if (symbol === '') return json(200, invalidCall(name));
      if (name === 'GLOBAL_QUOTE') return quote(symbol);
      if (name === 'TIME_SERIES_DAILY') return series(symbol);
      return json(200, { 'Error Message': `This API function (${name}) does not exist.` });
    },
  };
}

function kindOf(name: string | null): RequestKind {
  return name === 'GLOBAL_QUOTE' ? 'quote' : name === 'TIME_SERIES_DAILY' ? 'chart' : 'other';
}

function listed(symbol: string): SimInstrument | undefined {
  const instrument = instrumentOf(toCanonical(symbol));
  return instrument?.quoteType === 'EQUITY' || instrument?.quoteType === 'ETF' ? instrument : undefined;
}

function text(value: number): string {
  return value.toFixed(4);
}

function dateOf(instrument: SimInstrument, at: number): string {
  return new Date(dayOf(instrument.exchange, at) * 86_400_000).toISOString().slice(0, 10);
}
