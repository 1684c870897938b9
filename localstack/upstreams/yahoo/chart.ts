/** `/v8/finance/chart/{symbol}`: bars, dividends and splits, in float32 widened to double as the real one prints them. */
import { dayOf, lastSession, offsetOf, type Session, sessionBefore, sessionOf, trades, zoneName } from './calendar.ts';
import type { ChartRows } from './chart-faults.ts';
import { type SimMarket, type Stretch, snapshotOf, stretchOf } from './market.ts';
import { shortest } from './prices.ts';
import type { SimExchange, SimInstrument } from './universe.ts';

const minute = 60_000;
const day = 24 * 60 * minute;

const intraday: ReadonlyMap<string, number> = new Map(
  Object.entries<number>({
    '1m': 1,
    '2m': 2,
    '5m': 5,
    '15m': 15,
    '30m': 30,
    '60m': 60,
    '90m': 90,
    '1h': 60,
  }),
);
const daily: ReadonlySet<string> = new Set(['1d', '5d', '1wk', '1mo', '3mo']);
const ranges: ReadonlyMap<string, number> = new Map(
  Object.entries<number>({
    '1d': 1,
    '5d': 5,
    '1mo': 31,
    '3mo': 92,
    '6mo': 183,
    '1y': 366,
    '2y': 731,
    '5y': 1827,
    '10y': 3653,
    ytd: 366,
    max: 3653,
  }),
);

/** What was asked for. Times in milliseconds. */
export interface ChartRequest {
  readonly interval: string;
  readonly from: number;
  readonly to: number;
  /** The range's name, where one was given. */
  readonly range: string;
  readonly events: ReadonlySet<string>;
  /** Trading before and after the sessions is wanted, too. */
  readonly withOutside: boolean;
}

export interface ChartProblem {
  readonly status: 400 | 422;
  readonly code: string;
  readonly description: string;
}

interface Bar extends Stretch {
  /** When it began. */
  readonly at: number;
}

/** Reads a chart's query as Yahoo does: `period1` and `period2` in seconds, or `range`. */
export function readChartRequest(
  query: URLSearchParams,
  now: number,
  exchange: SimExchange,
): ChartRequest | ChartProblem {
  const interval = query.get('interval') ?? '1d';
  if (!intraday.has(interval) && !daily.has(interval)) {
    const valid = '1m, 2m, 5m, 15m, 30m, 60m, 90m, 1h, 4h, 1d, 5d, 1wk, 1mo, 3mo';
    return bad(`Invalid input - interval=${interval} is not supported. Valid intervals: [${valid}]`);
  }
  const range = query.get('range') ?? '';
  const period1 = query.get('period1');
  const period2 = query.get('period2');
  const days = ranges.get(range === '' ? '1d' : range);
  if (days === undefined) return bad(`Invalid input - range=${range} is not supported.`);
  const to = period2 === null ? now : Number(period2) * 1000;
  const from = period1 === null ? startOf(range, days, to, exchange) : Number(period1) * 1000;
  if (!Number.isFinite(from) || !Number.isFinite(to) || from > to)
    return bad(`Invalid input - start date cannot be after end date. startDate = ${period1}, endDate = ${period2}`);
  if (interval === '1m' && to - from > 8 * day) {
    return {
      status: 422,
      code: 'Unprocessable Entity',
      description:
        `1m data not available for startTime=${from / 1000} and endTime=${to / 1000}. ` +
        'Only 8 days worth of 1m granularity data are allowed to be fetched per request.',
    };
  }
  const events = new Set((query.get('events') ?? '').split(/[|,]/).filter(Boolean));
  const withOutside = query.get('includePrePost')?.toLowerCase() === 'true';
  return { interval, from, to: Math.min(to, now), range: period1 === null ? range || '1d' : '', events, withOutside };
}

/** When a range begins: days are days of trading, so that `1d` is the last session on a closed day too. */
function startOf(range: string, days: number, to: number, exchange: SimExchange): number {
  if (range === 'ytd')
    return Date.UTC(new Date(to + offsetOf(exchange.zone, to)).getUTCFullYear(), 0, 1) - offsetOf(exchange.zone, to);
  if (days > 5) return to - days * day;
  let session = lastSession(exchange, to);
  for (let back = 1; back < days; back++) session = sessionBefore(exchange, session.opensAt);
  return session.opensAt;
}

function bad(description: string): ChartProblem {
  return { status: 400, code: 'Bad Request', description };
}

/**
 * The element of `chart.result` for an instrument, its rows as `spoilt` makes them. Without trading in the range, as on a
 * weekend, it has no bars.
 */
export function chartOf(
  market: SimMarket,
  instrument: SimInstrument,
  request: ChartRequest,
  now: number,
  spoilt: (chart: ChartRows) => ChartRows = (chart) => chart,
): Record<string, unknown> {
  const minutes = intraday.get(request.interval);
  const days = dailyBars(market, instrument, request, now);
  const bars =
    minutes === undefined ? grouped(days, request.interval) : intradayBars(market, instrument, request, minutes, now);
  const meta = metaOf(market, instrument, request, now);
  // What Yahoo answers when nothing traded: no `timestamp`, one empty object.
  if (bars.length === 0) return { meta, indicators: { quote: [{}], ...(minutes ? {} : { adjclose: [{}] }) } };
  const adjcloses = adjusted(market, instrument, bars, now);
  const { rows, dividends, splits } = spoilt({
    rows: bars.map(({ at, ...bar }, index) => ({
      ...bar,
      at: Math.floor(at / 1000),
      adjclose: adjcloses[index] ?? bar.close,
    })),
    ...eventsOf(instrument, request),
  });
  const column = (field: keyof Stretch | 'adjclose') => rows.map((row) => row[field]);
  const byDate = <Event extends { date: number }>(events: readonly Event[]) =>
    Object.fromEntries(events.map((each) => [each.date, each]));
  const events = {
    ...(dividends.length === 0 ? {} : { dividends: byDate(dividends) }),
    ...(splits.length === 0 ? {} : { splits: byDate(splits) }),
  };
  return {
    meta,
    timestamp: rows.map((row) => row.at),
    ...(Object.keys(events).length === 0 ? {} : { events }),
    indicators: {
      quote: [
        {
          high: column('high'),
          volume: column('volume'),
          open: column('open'),
          low: column('low'),
          close: column('close'),
        },
      ],
      ...(minutes === undefined ? { adjclose: [{ adjclose: column('adjclose') }] } : {}),
    },
  };
}

/** The days, in the exchange's zone, that a request touches and on which it trades. */
function daysOf(exchange: SimExchange, { from, to }: ChartRequest): number[] {
  const last = dayOf(exchange, to);
  const days: number[] = [];
  for (let each = dayOf(exchange, from); each <= last; each++) if (trades(exchange, each)) days.push(each);
  return days;
}

function dailyBars(market: SimMarket, instrument: SimInstrument, request: ChartRequest, now: number): Bar[] {
  const { exchange } = instrument;
  const bars: Bar[] = [];
  for (const each of daysOf(exchange, request)) {
    const session = sessionOf(exchange, each);
    if (session.opensAt < request.from || session.opensAt > request.to) continue;
    const until = Math.min(session.closesAt, now - exchange.delayedBy * minute);
    if (until < session.opensAt) continue;
    bars.push({ at: session.opensAt, ...stretchOf(market, instrument, session.opensAt, until, session.closesAt) });
  }
  return bars;
}

function intradayBars(
  market: SimMarket,
  instrument: SimInstrument,
  request: ChartRequest,
  minutes: number,
  now: number,
): Bar[] {
  const { exchange } = instrument;
  const bars: Bar[] = [];
  for (const each of daysOf(exchange, request)) {
    const session = sessionOf(exchange, each);
    const end = Math.min(session.closesAt, request.to + 1, now);
    for (let at = session.opensAt; at < end; at += minutes * minute) {
      if (at < request.from) continue;
      bars.push(intradayBar(market, instrument, session, at, Math.min(at + minutes * minute, session.closesAt, now)));
    }
  }
  return bars;
}

function intradayBar(market: SimMarket, instrument: SimInstrument, session: Session, from: number, to: number): Bar {
  const stretch = stretchOf(market, instrument, from, to, to);
  const share = (to - from) / (session.closesAt - session.opensAt);
  return { at: from, ...stretch, volume: Math.round(stretch.volume * share) };
}

/** Weeks and months, from days. */
function grouped(days: readonly Bar[], interval: string): Bar[] {
  if (interval === '1d') return [...days];
  const keyOf = (at: number) => {
    const date = new Date(at);
    if (interval === '1mo') return `${date.getUTCFullYear()}-${date.getUTCMonth()}`;
    if (interval === '3mo') return `${date.getUTCFullYear()}-${Math.floor(date.getUTCMonth() / 3)}`;
    return String(Math.floor((at / day + 3) / 7));
  };
  return [...Map.groupBy(days, (bar) => keyOf(bar.at)).values()].flatMap((group) => {
    const [first] = group;
    const last = group.at(-1);
    if (first === undefined || last === undefined) return [];
    return {
      at: first.at,
      open: first.open,
      close: last.close,
      high: Math.max(...group.map((bar) => bar.high)),
      low: Math.min(...group.map((bar) => bar.low)),
      volume: group.reduce((sum, bar) => sum + bar.volume, 0),
    };
  });
}

/** Ex-dates of the quarterly dividend, in a range: the second Friday of February, May, August and November. */
function dividendsOf(instrument: SimInstrument, from: number, to: number): { at: number; amount: number }[] {
  if (instrument.dividend === undefined) return [];
  const found: { at: number; amount: number }[] = [];
  const first = new Date(from).getUTCFullYear();
  for (let year = first; year <= new Date(to).getUTCFullYear(); year++) {
    for (const month of [1, 4, 7, 10]) {
      const weekday = new Date(Date.UTC(year, month, 1)).getUTCDay();
      const date = Date.UTC(year, month, 8 + ((5 - weekday + 7) % 7));
      const at = sessionOf(instrument.exchange, date / day).opensAt;
      if (at >= from && at <= to) found.push({ at, amount: instrument.dividend });
    }
  }
  return found;
}

function eventsOf(instrument: SimInstrument, { from, to, events }: ChartRequest): Omit<ChartRows, 'rows'> {
  const dividends = events.has('div') ? dividendsOf(instrument, from, to) : [];
  const splits = (events.has('split') ? (instrument.splits ?? []) : [])
    .map((split) => ({ split, at: sessionOf(instrument.exchange, Date.parse(split.date) / day).opensAt }))
    .filter(({ at }) => at >= from && at <= to);
  const seconds = (at: number) => Math.floor(at / 1000);
  return {
    dividends: dividends.map(({ at, amount }) => ({ amount, date: seconds(at) })),
    splits: splits.map(({ at, split: { numerator, denominator } }) => ({
      date: seconds(at),
      numerator,
      denominator,
      splitRatio: `${numerator}:${denominator}`,
    })),
  };
}

/** Closes adjusted for the dividends paid since. */
function adjusted(market: SimMarket, instrument: SimInstrument, bars: readonly Bar[], now: number): number[] {
  const dividends = dividendsOf(instrument, bars[0]?.at ?? now, now).map(({ at, amount }) => ({
    at,
    factor: 1 - amount / market.priceOf(instrument, at - 1),
  }));
  return bars.map((bar) =>
    Math.fround(dividends.reduce((price, each) => (bar.at < each.at ? price * each.factor : price), bar.close)),
  );
}

function metaOf(market: SimMarket, instrument: SimInstrument, request: ChartRequest, now: number): object {
  const { exchange } = instrument;
  const snapshot = snapshotOf(market, instrument, now);
  const session = lastSession(exchange, now);
  const gmtoffset = offsetOf(exchange.zone, now) / 1000;
  const timezone = zoneName(exchange.zone, now);
  const seconds = (at: number) => Math.floor(at / 1000);
  const period = (start: number, end: number) => ({ timezone, start: seconds(start), end: seconds(end), gmtoffset });
  return {
    currency: instrument.currency,
    symbol: instrument.symbol,
    exchangeName: exchange.code,
    fullExchangeName: exchange.fullName,
    instrumentType: instrument.quoteType,
    firstTradeDate: 345_479_400,
    regularMarketTime: seconds(snapshot.at),
    hasPrePostMarketData: exchange.post !== undefined && instrument.quoteType !== 'INDEX',
    gmtoffset,
    timezone,
    exchangeTimezoneName: exchange.zone,
    regularMarketPrice: shortest(snapshot.close),
    regularMarketDayHigh: shortest(snapshot.high),
    regularMarketDayLow: shortest(snapshot.low),
    regularMarketVolume: snapshot.volume,
    longName: instrument.longName,
    shortName: instrument.shortName,
    chartPreviousClose: shortest(market.priceOf(instrument, lastSession(exchange, request.from - 1).closesAt)),
    priceHint: instrument.priceHint,
    currentTradingPeriod: {
      pre: period(session.preAt, session.opensAt),
      regular: period(session.opensAt, session.closesAt),
      post: period(session.closesAt, session.postUntil),
    },
    ...(intraday.has(request.interval) ? { tradingPeriods: tradingPeriods(exchange, request, period) } : {}),
    dataGranularity: request.interval,
    range: request.range,
    validRanges: ['1d', '5d', '1mo', '3mo', '6mo', '1y', '2y', '5y', '10y', 'ytd', 'max'],
  };
}

/** The sessions of a chart within the day, each in a list of its own; with what is outside them where that is wanted. */
function tradingPeriods(
  exchange: SimExchange,
  request: ChartRequest,
  period: (start: number, end: number) => object,
): unknown {
  const sessions = daysOf(exchange, request).map((each) => sessionOf(exchange, each));
  const regular = sessions.map(({ opensAt, closesAt }) => [period(opensAt, closesAt)]);
  if (!request.withOutside) return regular;
  return {
    pre: sessions.map(({ preAt, opensAt }) => [period(preAt, opensAt)]),
    regular,
    post: sessions.map(({ closesAt, postUntil }) => [period(closesAt, postUntil)]),
  };
}
