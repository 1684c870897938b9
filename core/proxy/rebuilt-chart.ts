import { Decimal } from 'decimal.js';
import type { BarsAsOf } from '../contracts/as-of.ts';
import { type BarInterval, barIntervals } from '../market/bar.ts';
import type { DecimalText } from '../market/decimal.ts';
import { listed } from './parameters.ts';
import { described, secondsOf } from './rebuilt.ts';

/** What a chart's parameters ask of stored bars. */
export interface ChartAsked {
  readonly interval: BarInterval;
  readonly span: { readonly range: string } | { readonly from: number | null; readonly to: number | null };
  readonly totalReturn: boolean;
  /** The range's name; empty where two instants were given. */
  readonly range: string;
  readonly withOutside: boolean;
  readonly events: { readonly dividends: boolean; readonly splits: boolean; readonly capitalGains: boolean };
}

/** Reads a chart's parameters; `null` for an interval that is never stored. */
export function chartAsked(query: Readonly<Record<string, string>>): ChartAsked | null {
  const named = query['interval'] ?? '1d';
  const interval = barIntervals.find((each) => each === (named === '60m' ? '1h' : named));
  if (interval === undefined) return null;
  const { period1, period2, range = '1d' } = query;
  const hasPeriods = period1 !== undefined || period2 !== undefined;
  const at = (text: string | undefined) => (text === undefined ? null : Math.floor(Number(text) * 1000));
  const names = listed(query['events'] ?? '').map((name) => name.toLowerCase());
  const wants = (start: string) => names.some((name) => name.startsWith(start));
  return {
    interval,
    span: hasPeriods ? { from: at(period1), to: at(period2) } : { range },
    totalReturn: !isIntraday(interval) && query['includeAdjustedClose'] !== 'false',
    range: hasPeriods ? '' : range,
    withOutside: query['includePrePost'] === 'true',
    events: { dividends: wants('div'), splits: wants('split'), capitalGains: wants('capital') },
  };
}

function isIntraday(interval: BarInterval): boolean {
  return /[mh]$/.test(interval);
}

/** An answer of `/v8/finance/chart` from bars as they were known. What was not known is not in it. */
export function rebuiltChart(bars: BarsAsOf, asked: ChartAsked, symbol: string, at: number): string {
  return JSON.stringify({ chart: { result: [chartOf(bars, asked, symbol, at)], error: null } });
}

/** The chart of one symbol, as several routes have it. */
export function chartOf(bars: BarsAsOf, asked: ChartAsked, symbol: string, at: number) {
  const of = described(bars.instrument, at);
  const numbers = (column: readonly (DecimalText | null)[]) => column.map((value) => value && of.number(value));
  const meta = metaOf(bars, asked, symbol, of);
  const indicators =
    bars.startsAt.length === 0
      ? { quote: [{}], ...(bars.adjustedClose && { adjclose: [{}] }) }
      : {
          quote: [
            {
              open: numbers(bars.open),
              high: numbers(bars.high),
              low: numbers(bars.low),
              close: numbers(bars.close),
              volume: bars.volume.map((value) => (value === null ? null : Number(value))),
            },
          ],
          ...(bars.adjustedClose && { adjclose: [{ adjclose: numbers(bars.adjustedClose) }] }),
        };
  const events = eventsOf(bars, asked, of);
  return {
    meta,
    ...(bars.startsAt.length > 0 && { timestamp: bars.startsAt.map(secondsOf) }),
    ...(Object.keys(events).length > 0 && { events }),
    indicators,
  };
}

type Described = ReturnType<typeof described>;

function metaOf(bars: BarsAsOf, { interval, range, withOutside }: ChartAsked, symbol: string, of: Described) {
  const { session, last, hours } = bars;
  // A session in winter has the clocks of winter, also where the answer is of summer.
  const period = (from: number, to: number) => {
    const { zoneName, offsetSeconds } = of.clocksAt(from);
    return { timezone: zoneName, start: secondsOf(from), end: secondsOf(to), gmtoffset: offsetSeconds };
  };
  /** Nothing is stored of trading outside the sessions: before and after them there is no time. */
  const around = (opensAt: number, closesAt: number) => ({
    pre: period(opensAt, opensAt),
    regular: period(opensAt, closesAt),
    post: period(closesAt, closesAt),
  });
  const days = hours.map(({ opensAt, closesAt }) => around(opensAt, closesAt));
  const tradingPeriods = withOutside
    ? { pre: days.map(({ pre }) => [pre]), regular: days.map((d) => [d.regular]), post: days.map(({ post }) => [post]) }
    : days.map(({ regular }) => [regular]);
  return {
    currency: of.currency,
    symbol,
    exchangeName: of.exchange,
    fullExchangeName: of.exchangeName,
    instrumentType: of.quoteType,
    firstTradeDate: null,
    ...(last && { regularMarketTime: secondsOf(last.at) }),
    hasPrePostMarketData: false,
    gmtoffset: of.offsetSeconds,
    timezone: of.zoneName,
    exchangeTimezoneName: of.zone,
    ...(last && { regularMarketPrice: of.number(last.price) }),
    ...(bars.closeBefore !== null && { chartPreviousClose: of.number(bars.closeBefore) }),
    priceHint: of.priceHint(last?.price ?? '1'),
    ...(session && { currentTradingPeriod: around(session.opensAt, session.closesAt) }),
    ...(days.length > 0 && { tradingPeriods }),
    dataGranularity: interval,
    range,
    validRanges: ['1d', '5d', '1mo', '3mo', '6mo', '1y', '2y', '5y', '10y', 'ytd', 'max'],
  };
}

function eventsOf({ actions, instrument }: BarsAsOf, { events }: ChartAsked, of: Described) {
  const pay = (type: 'dividend' | 'capital_gain') =>
    actions.flatMap((action) => {
      if (action.type !== type || action.amount === null) return [];
      const date = secondsOf(action.at);
      // What is paid in another currency says which, and is in its major units.
      const isForeign = action.currency !== null && action.currency !== instrument.currency;
      const paid = isForeign
        ? { amount: Number(action.amount), date, currency: action.currency }
        : { amount: of.number(action.amount), date };
      return [[String(date), paid] as const];
    });
  const splits = actions.flatMap((action) => {
    if (action.type !== 'split' || action.ratio === null) return [];
    const date = secondsOf(action.at);
    const { numerator, denominator } = ratioOf(action.ratio);
    return [[String(date), { date, numerator, denominator, splitRatio: `${numerator}:${denominator}` }] as const];
  });
  const [dividends, capitalGains] = [pay('dividend'), pay('capital_gain')];
  return {
    ...(events.dividends && dividends.length > 0 && { dividends: Object.fromEntries(dividends) }),
    ...(events.capitalGains && capitalGains.length > 0 && { capitalGains: Object.fromEntries(capitalGains) }),
    ...(events.splits && splits.length > 0 && { splits: Object.fromEntries(splits) }),
  };
}

const largestPart = 1_000;

/**
 * A ratio as two whole numbers; where none are near enough, itself to one.
 *
 * @example
 * ratioOf('0.05') // { numerator: 1, denominator: 20 }
 * ratioOf('1.5') // { numerator: 3, denominator: 2 }
 */
export function ratioOf(ratio: DecimalText): { readonly numerator: number; readonly denominator: number } {
  const value = new Decimal(ratio);
  for (let denominator = 1; denominator <= largestPart; denominator++) {
    const numerator = value.mul(denominator);
    const whole = numerator.round();
    // A third is stored to so many digits only.
    if (whole.gt(0) && numerator.sub(whole).abs().div(whole).lt('1e-9'))
      return { numerator: whole.toNumber(), denominator };
  }
  return { numerator: value.toNumber(), denominator: 1 };
}
