import type { Failure } from '../../contracts/failure.ts';
import { type Bar, type BarInterval, barIntervals, type CorporateAction } from '../../market/bar.ts';
import type { SeriesWitnesses } from '../../market/bar-series.ts';
import { type DecimalText, decimalFromNumber, divide } from '../../market/decimal.ts';
import { currencyUnit } from '../../market/money.ts';
import { dateInZone } from '../../market/zoned-date.ts';
import type { Parsed, Rejection, SourceAnswer } from '../parser.ts';
import { failed, invalidFields } from '../reading/json.ts';
import { readJson, toldFailure } from './answer.ts';
import { type Chart, chartAnswerSchema } from './schema.ts';
import { askedAs, subjectOf, unitOf } from './subject.ts';

const daily: ReadonlySet<BarInterval> = new Set(['1d', '1wk', '1mo']);

/**
 * Reads an answer of `/v8/finance/chart`: the bars of one symbol, split-adjusted as of the fetch (Yahoo gives NVDA's
 * close of 2021 as 13.237, after two later splits), and the splits and dividends in the range.
 *
 * No `timestamp` means no bars in the range (a weekend): no records and no failure.
 */
export function parseBars(answer: SourceAnswer): Parsed {
  const opened = openBars(answer);
  if ('failure' in opened) return failed(opened.failure);
  const { chart, interval } = opened;
  const symbol = askedAs(chart.meta.symbol, answer.request.symbols);
  const unit = unitOf({ symbol, type: chart.meta.instrumentType, currency: chart.meta.currency });
  if ('finding' in unit) {
    const reason = unit.finding.code === 'unknown_currency' ? 'unit_suspect' : 'schema';
    const rejection = { symbol, reason, ...unit, path: 'chart.result[0].meta' } as const;
    return { quotes: [], bars: [], rejections: [rejection], failure: null, missing: [] };
  }
  const subject = subjectOf({
    symbol,
    type: chart.meta.instrumentType,
    exchange: chart.meta.exchangeName,
    unit,
    zone: chart.meta.exchangeTimezoneName,
    name: chart.meta.longName ?? chart.meta.shortName,
  });
  const { bars, rejections, adjusted } = readBars(chart, interval, subject.listing);
  return {
    quotes: [],
    bars: [
      {
        subject,
        basis: 'splits',
        basisAt: Date.parse(answer.fetchedAt),
        bars: unit.said ? bars : bars.map((bar) => ({ ...bar, currency: null })),
        actions: readActions(chart, subject.listing),
        witnesses: readWitnesses(chart, subject.listing.minorFactor, adjusted),
      },
    ],
    rejections,
    failure: null,
    missing: [],
  };
}

/** The chart of an answer with its columns unread, or why there is none. */
export function openBars(answer: SourceAnswer): { chart: Chart; interval: BarInterval } | { failure: Failure } {
  const read = readJson(answer, chartAnswerSchema);
  if ('failure' in read) return read;
  const chart = read.value.chart.result?.[0];
  if (!chart) return { failure: toldFailure(read.value.chart.error) };
  const interval = barIntervals.find((each) => each === granularity(chart.meta.dataGranularity));
  if (interval) return { chart, interval };
  return {
    failure: {
      reason: 'schema_drift',
      detail: { code: 'unexpected_interval' },
      message: 'The chart is of an interval that was not asked for.',
    },
  };
}

/** Yahoo calls the hour `60m` or `1h`. */
function granularity(text: string): string {
  return text === '60m' ? '1h' : text;
}

function readBars(
  chart: Chart,
  interval: BarInterval,
  listing: { currency: string; minorFactor: number; zone: string },
) {
  const times = chart.timestamp ?? [];
  const columns = chart.indicators.quote[0] ?? {};
  const bars = new Map<number, Bar>();
  const rejections: Rejection[] = [];
  const adjusted = new Map<number, number>();
  const adjustedCloses = chart.indicators.adjclose?.[0]?.adjclose;
  const money = (value: number | null | undefined): DecimalText | null => {
    const text = value == null ? null : decimalFromNumber(value);
    return text === null ? null : divide(text, listing.minorFactor);
  };
  const reject = (index: number, field: string, detail: string) =>
    rejections.push({
      symbol: chart.meta.symbol,
      reason: 'schema',
      finding: invalidFields([field]),
      detail,
      path: `chart.result[0].timestamp[${index}]`,
    });
  for (const [index, seconds] of times.entries()) {
    const open = columns.open?.[index];
    const high = columns.high?.[index];
    const low = columns.low?.[index];
    const close = money(columns.close?.[index]);
    // Yahoo keeps a place for a day without trade and leaves it empty: nothing to store, nothing wrong.
    if (close === null && open == null && high == null && low == null && columns.close && index < columns.close.length)
      continue;
    if (close === null) {
      reject(index, 'close', 'The bar has no close.');
      continue;
    }
    const startsAt = startOf(seconds, interval, chart, listing.zone);
    if (startsAt === null) {
      reject(index, 'timestamp', 'The time of the bar is not a time.');
      continue;
    }
    const witness = adjustedCloses?.[index];
    if (witness != null) adjusted.set(startsAt, witness / listing.minorFactor);
    bars.set(startsAt, {
      interval,
      startsAt,
      date: daily.has(interval) ? dateInZone(startsAt, listing.zone) : null,
      open: money(open),
      high: money(high),
      low: money(low),
      close,
      volume: columns.volume?.[index] == null ? null : decimalFromNumber(columns.volume[index]),
      currency: listing.currency,
      minorFactor: listing.minorFactor,
    });
  }
  return { bars: [...bars.values()], rejections, adjusted };
}

/**
 * The start of a bar. The bar of the day that is still trading carries the time of the last trade instead of the
 * session's start; without this each fetch would add another bar of the same day.
 */
function startOf(seconds: number, interval: BarInterval, chart: Chart, zone: string): number | null {
  const at = Math.round(seconds * 1000);
  if (Math.abs(at) > 8.64e15) return null;
  const session = chart.meta.currentTradingPeriod?.regular;
  if (interval !== '1d' || !session || Math.abs(session.start) > 8.64e12) return at;
  const start = session.start * 1000;
  return at > start && dateInZone(at, zone) === dateInZone(start, zone) ? start : at;
}

interface Payment {
  readonly amount: number;
  readonly date: number;
  readonly currency?: string | null | undefined;
}

/** What stands beside the bars, in major units. */
function readWitnesses({ meta }: Chart, minorFactor: number, adjusted: ReadonlyMap<number, number>): SeriesWitnesses {
  const { regularMarketPrice: price, regularMarketTime: time, chartPreviousClose: before } = meta;
  return {
    adjusted,
    market: price == null || time == null ? null : { price: price / minorFactor, at: time * 1000 },
    closeBefore: before == null ? null : before / minorFactor,
  };
}

function readActions(
  chart: Chart,
  listing: { currency: string; minorFactor: number; zone: string },
): CorporateAction[] {
  const actions: CorporateAction[] = [];
  const pay = (type: 'dividend' | 'capital_gain', { amount: paid, date, currency }: Payment) => {
    const amount = decimalFromNumber(paid);
    if (amount === null || paid <= 0 || Math.abs(date) > 8.64e12) return;
    // What a payment says of its own currency counts: dollars on a share in pence are no pence.
    const unit = (currency ? currencyUnit(currency) : null) ?? listing;
    actions.push({
      type,
      exDate: dateInZone(date * 1000, listing.zone),
      ratio: null,
      amount: divide(amount, unit.minorFactor),
      currency: unit.currency,
    });
  };
  for (const dividend of Object.values(chart.events?.dividends ?? {})) pay('dividend', dividend);
  for (const gain of Object.values(chart.events?.capitalGains ?? {})) pay('capital_gain', gain);
  for (const split of Object.values(chart.events?.splits ?? {})) {
    const ratio = decimalFromNumber(split.numerator);
    if (ratio === null || split.numerator <= 0 || split.denominator <= 0 || Math.abs(split.date) > 8.64e12) continue;
    actions.push({
      type: 'split',
      exDate: dateInZone(split.date * 1000, listing.zone),
      ratio: divide(ratio, split.denominator),
      amount: null,
      currency: null,
    });
  }
  return actions;
}
