import { packBlob } from '../../core/adapters/s3/pack-blob.ts';
import type { BlobEnvelope, Exchange } from '../../core/contracts/blob.ts';
import type { IngestMessage } from '../../core/contracts/messages.ts';
import { runIdOf } from '../../core/contracts/run-id.ts';
import { rawBlobKey } from '../../core/contracts/s3-keys.ts';
import { calendarFor, sessionOn } from '../../core/market/calendar.ts';
import { yahooParser } from '../../core/sources/yahoo/parse.ts';
import { randomOf } from '../support/random.ts';
import { basePriceOf, symbolOf } from './quote-answers.ts';

/** Bars of an answer: a year of them. */
export const barsPerAnswer = 250;

const zone = 'America/New_York';
const dayMs = 86_400_000;
const hourMs = 3_600_000;

interface Session {
  readonly opensAt: number;
  readonly closesAt: number;
}

/** The sessions of New York that were over a day before an instant, so many of them, in order. */
function sessionsBefore(at: number, count: number): Session[] {
  const calendar = calendarFor({ mic: 'XNAS', zone });
  const found: Session[] = [];
  for (let day = at - dayMs; found.length < count; day -= dayMs) {
    const date = new Date(day).toISOString().slice(0, 10);
    const session = calendar && sessionOn(calendar, date);
    if (session && session.closesAt < at - dayMs) found.unshift(session);
  }
  return found;
}

/** What is fetched of symbols by one message, and again on the next trading day. */
export interface BarFetches {
  readonly first: { readonly message: IngestMessage; readonly blob: Buffer };
  /** All days of the first answer but the oldest, and one more. */
  readonly again: BarFetches['first'];
}

/**
 * Good daily bars of a year of some symbols, as Yahoo answers, the newest fetched before `now`. The same symbol and time
 * give the same bars. `part` tells the blobs of a run apart.
 */
export async function makeBars(symbols: readonly number[], part: number, now: number): Promise<BarFetches> {
  const sessions = sessionsBefore(now, barsPerAnswer + 1);
  const series = symbols.map((symbol) => ({ symbol, days: daysOf(symbol, sessions) }));
  const fetch = async (from: number) => {
    const asked = sessions.slice(from, from + barsPerAnswer);
    const fetchedAt = (asked.at(-1)?.closesAt ?? now) + 2 * hourMs;
    const createdAt = new Date(fetchedAt).toISOString();
    const exchanges = series.map(({ symbol, days }) =>
      exchangeOf(symbolOf(symbol), days.slice(from, from + barsPerAnswer), asked, fetchedAt),
    );
    const runId = runIdOf({ sourceId: 'yahoo', job: 'daily-bars', trigger: 'schedule', slot: createdAt });
    const of = { sourceId: 'yahoo', runId, part, attempt: 1, job: 'daily-bars', kind: 'bars' as const };
    const envelope: BlobEnvelope = { version: 1, ...of, createdAt, exchanges };
    return { message: { ...of, blobKey: rawBlobKey({ ...of, createdAt }) }, blob: await packBlob(envelope) };
  };
  return { first: await fetch(0), again: await fetch(1) };
}

interface Day {
  readonly at: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
  readonly paid: number;
}

/** A walk that ends at the symbol's own price, by one or two percent a day. Every second symbol pays each quarter. */
function daysOf(symbol: number, sessions: readonly Session[]): Day[] {
  const random = randomOf(symbol + 1);
  const step = () => 0.012 * (random() + random() + random() - 1.5);
  const moves = sessions.map(() => ({ gap: step() / 2, day: step(), up: Math.abs(step()), down: Math.abs(step()) }));
  const total = moves.reduce((sum, { gap, day }) => sum + gap + day, 0);
  const offset = Math.floor(random() * 63);
  let price = basePriceOf(symbol) * Math.exp(-total);
  return sessions.map(({ opensAt }, index) => {
    const { gap, day, up, down } = moves[index] ?? { gap: 0, day: 0, up: 0, down: 0 };
    const paid = symbol % 2 === 0 && index > 0 && index % 63 === offset ? Math.round(price) / 100 : 0;
    const open = price * Math.exp(gap) - paid;
    price = open * Math.exp(day);
    return {
      at: opensAt / 1000,
      open: Math.fround(open),
      high: Math.fround(Math.max(open, price) * Math.exp(up)),
      low: Math.fround(Math.min(open, price) * Math.exp(-down)),
      close: Math.fround(price),
      volume: Math.round(100_000 * (1 + 9 * random())),
      paid,
    };
  });
}

function exchangeOf(symbol: string, days: readonly Day[], asked: readonly Session[], fetchedAt: number): Exchange {
  const [first, last] = [asked[0], asked.at(-1)];
  const [request] = yahooParser.requests({ kind: 'bars', job: 'daily-bars', symbols: [symbol], now: fetchedAt });
  const { path = '', query = {} } = request ?? {};
  const from = Math.floor((first?.opensAt ?? fetchedAt) / dayMs) * 86_400;
  const url = `https://query2.finance.yahoo.com${path}?${new URLSearchParams({ ...query, period1: String(from) })}`;
  const period = { start: (last?.opensAt ?? fetchedAt) / 1000, end: (last?.closesAt ?? fetchedAt) / 1000 };
  const paying = days.filter(({ paid }) => paid > 0);
  const column = (field: keyof Day) => days.map((day) => day[field]);
  const result = {
    meta: {
      currency: 'USD',
      symbol,
      exchangeName: 'NMS',
      fullExchangeName: 'NasdaqGS',
      instrumentType: 'EQUITY',
      firstTradeDate: 345_479_400,
      regularMarketTime: period.end,
      exchangeTimezoneName: zone,
      regularMarketPrice: days.at(-1)?.close,
      longName: `Company ${symbol} Incorporated`,
      chartPreviousClose: days[0]?.open,
      priceHint: 2,
      currentTradingPeriod: { regular: period },
      dataGranularity: '1d',
      range: '',
    },
    timestamp: column('at'),
    ...(paying.length === 0
      ? {}
      : { events: { dividends: Object.fromEntries(paying.map(({ at, paid }) => [at, { amount: paid, date: at }])) } }),
    indicators: {
      quote: [
        {
          open: column('open'),
          high: column('high'),
          low: column('low'),
          close: column('close'),
          volume: column('volume'),
        },
      ],
      adjclose: [{ adjclose: adjusted(days) }],
    },
  };
  return {
    request: { method: 'GET', url, headers: { accept: 'application/json' }, symbols: [symbol] },
    response: {
      status: 200,
      headers: { 'content-type': 'application/json;charset=utf-8' },
      body: JSON.stringify({ chart: { result: [result], error: null } }),
      truncated: false,
    },
    error: null,
    fetchedAt: new Date(fetchedAt).toISOString(),
    latencyMs: 120,
  };
}

/** Closes adjusted for what was paid since. */
function adjusted(days: readonly Day[]): number[] {
  let factor = 1;
  const closes: number[] = [];
  for (let index = days.length - 1; index >= 0; index--) {
    const [day, next] = [days[index], days[index + 1]];
    if (!day) continue;
    if (next && next.paid > 0) factor *= 1 - next.paid / day.close;
    closes.unshift(Math.fround(day.close * factor));
  }
  return closes;
}
