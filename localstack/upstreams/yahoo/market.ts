/** The state of the simulated market at an instant: the last price, its time, and the day's figures. */
import { lastSession, type MarketState, sessionBefore, stateAt } from './calendar.ts';
import { chance, type PriceOf } from './prices.ts';
import type { SimInstrument } from './universe.ts';

const minute = 60_000;

/** The simulated market's rules: its seed, its walk, and whether it ever closes. */
export interface SimMarket {
  readonly seed: string;
  readonly priceOf: PriceOf;
  /** True: trading never stops, so that a test never waits for Monday. */
  readonly alwaysOpen: boolean;
}

/** Open, high, low, last and volume of a stretch of trading. */
export interface Stretch {
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
}

/** The state of one instrument's market. */
export interface Snapshot extends Stretch {
  readonly state: MarketState;
  /** The market time of `close`, in milliseconds. */
  readonly at: number;
  readonly previousClose: number;
  /** Trading outside the session, where the exchange offers it. */
  readonly outside: { readonly kind: 'pre' | 'post'; readonly at: number; readonly price: number } | null;
}

/** The market of an instrument, as an upstream with the exchange's delay reports it at `now`. */
export function snapshotOf(market: SimMarket, instrument: SimInstrument, now: number): Snapshot {
  const { exchange } = instrument;
  const seen = Math.floor((now - exchange.delayedBy * minute) / minute) * minute;
  const session = lastSession(exchange, seen);
  const inSession = seen < session.closesAt;
  if (inSession || !market.alwaysOpen) {
    const at = Math.min(seen, session.closesAt);
    const before = sessionBefore(exchange, session.opensAt);
    return {
      ...stretchOf(market, instrument, session.opensAt, at, session.closesAt),
      state: stateAt(exchange, seen),
      at,
      previousClose: market.priceOf(instrument, before.closesAt),
      outside: outsideOf(market, instrument, seen),
    };
  }
  // Outside the exchange's hours an always-open market continues from the last close.
  return {
    ...stretchOf(market, instrument, session.closesAt, seen, session.closesAt + 24 * 60 * minute),
    state: 'REGULAR',
    at: seen,
    previousClose: market.priceOf(instrument, session.closesAt),
    outside: null,
  };
}

function outsideOf(market: SimMarket, instrument: SimInstrument, seen: number): Snapshot['outside'] {
  const { exchange } = instrument;
  if (exchange.post === undefined || instrument.quoteType === 'INDEX') return null;
  const state = stateAt(exchange, seen);
  if (state === 'REGULAR') return null;
  if (state === 'PRE') return { kind: 'pre', at: seen, price: market.priceOf(instrument, seen) };
  const at = Math.min(seen, lastSession(exchange, seen).postUntil);
  return { kind: 'post', at, price: market.priceOf(instrument, at) };
}

/** The trading from `from` to `to`, of a session that ends at `end`. */
export function stretchOf(
  market: SimMarket,
  instrument: SimInstrument,
  from: number,
  to: number,
  end: number,
): Stretch {
  // A fixed grid over the whole stretch, so that the high of the current day never decreases.
  const step = (end - from) / 24;
  const open = market.priceOf(instrument, from);
  const close = market.priceOf(instrument, to);
  let high = Math.max(open, close);
  let low = Math.min(open, close);
  for (let at = from + step; step > 0 && at < to; at += step) {
    const price = market.priceOf(instrument, at);
    if (price > high) high = price;
    if (price < low) low = price;
  }
  const whole =
    instrument.dailyVolume * (0.6 + 0.8 * chance(market.seed, instrument.symbol, Math.floor(from / minute)));
  const part = end > from ? (to - from) / (end - from) : 1;
  return { open, high, low, close, volume: Math.round(whole * part) };
}
