import type { Failure } from '../../contracts/failure.ts';
import { type Bar, type BarInterval, barIntervals, type CorporateAction } from '../../market/bar.ts';
import type { SeriesWitnesses } from '../../market/bar-series.ts';
import { calendarFor } from '../../market/calendar.ts';
import { type DecimalText, decimalFromNumber, divide } from '../../market/decimal.ts';
import type { Listing } from '../../market/instrument.ts';
import { currencyUnit } from '../../market/money.ts';
import { dateInZone } from '../../market/zoned-date.ts';
import type { Parsed, Rejection, SourceAnswer, Subject } from '../parser.ts';
import { failed, invalidFields } from '../reading/json.ts';
import { readJson, saysNoneSoEarly, toldFailure } from './answer.ts';
import { placeRows } from './bar-times.ts';
import type { Place } from './chart-times.ts';
import { gone, isGone } from './gone.ts';
import { joinLiveRows } from './live-row.ts';
import { type Chart, chartAnswerSchema } from './schema.ts';
import { askedAs, subjectOf, unitOf } from './subject.ts';

/**
 * Reads an answer of `/v8/finance/chart`: the bars of one symbol, split-adjusted as of the fetch (Yahoo gives NVDA's
 * close of 2021 as 13.237, after two later splits), and the splits and dividends in the range.
 *
 * No `timestamp` means no bars in the range (a weekend): no records and no failure.
 */
export function parseBars(answer: SourceAnswer): Parsed {
  const opened = openBars(answer);
  if ('failure' in opened) return failed(opened.failure);
  if ('before' in opened) return { quotes: [], bars: [], rejections: [], failure: null, missing: [] };
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
    firstTraded: chart.meta.firstTradeDate == null ? null : chart.meta.firstTradeDate * 1000,
  });
  const { bars, rejections, adjusted, untraded, places } = readBars(chart, interval, subject, answer);
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
        untraded,
        places,
      },
    ],
    rejections,
    failure: null,
    missing: [],
  };
}

/** A chart with its columns unread. */
interface OpenChart {
  readonly chart: Chart;
  readonly interval: BarInterval;
}

/** The chart of an answer, or why there is none: a range before the first day of trading is no failure. */
export function openBars(answer: SourceAnswer): OpenChart | { before: 'first day' } | { failure: Failure } {
  const read = readJson(answer, chartAnswerSchema);
  const chart = 'failure' in read ? undefined : read.value.chart.result?.[0];
  if (!chart && saysNoneSoEarly(answer)) return { before: 'first day' };
  if ('failure' in read) return read;
  if (!chart) {
    const { result, error } = read.value.chart;
    return { failure: result?.length === 0 && error == null ? nothingOn : toldFailure(error) };
  }
  if (!chart.timestamp?.length && isGone({ ...chart.meta, exchange: chart.meta.exchangeName }))
    return { failure: gone };
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

const nothingOn: Failure = {
  reason: 'no_data',
  detail: { code: 'no_rows' },
  message: 'The source has no chart of the symbol asked for.',
};

/** Yahoo calls the hour `60m` or `1h`. */
function granularity(text: string): string {
  return text === '60m' ? '1h' : text;
}

function readBars(
  chart: Chart,
  interval: BarInterval,
  { listing, assetClass }: Subject & { readonly listing: Listing },
  answer: SourceAnswer,
) {
  const fetchedAt = Date.parse(answer.fetchedAt);
  const { regularMarketTime, currentTradingPeriod } = chart.meta;
  const period = currentTradingPeriod?.regular;
  const regular =
    period && Math.abs(period.start) < 8.64e12 ? { start: period.start * 1000, end: period.end * 1000 } : null;
  const times = (chart.timestamp ?? []).map((seconds) => Math.round(seconds * 1000));
  const places = placeRows({
    times,
    interval,
    zone: listing.zone,
    calendar: calendarFor({ ...listing, assetClass }),
    regular,
    marketTime: regularMarketTime == null ? null : regularMarketTime * 1000,
    fetchedAt,
    until: endOfRange(answer.request.url),
  });
  const columns = chart.indicators.quote[0] ?? {};
  const [opens, highs, lows, closes] = [columns.open, columns.high, columns.low, columns.close].map((column) =>
    column?.map((value) => moneyOf(value, listing.minorFactor)),
  );
  const volumes = columns.volume?.map((value) => (value === null ? null : decimalFromNumber(value)));
  const rows: { readonly bar: Bar; readonly at: number; readonly live: boolean }[] = [];
  const rejections: Rejection[] = [];
  const adjusted = new Map<number, number>();
  const untraded: string[] = [];
  const adjustedCloses = chart.indicators.adjclose?.[0]?.adjclose;
  const reject = (index: number, field: string, detail: string) =>
    rejections.push({
      symbol: chart.meta.symbol,
      reason: 'schema',
      finding: invalidFields([field]),
      detail,
      path: `chart.result[0].timestamp[${index}]`,
    });
  for (const [index, place] of places.entries()) {
    const close = closes?.[index] ?? null;
    if (place === 'not_asked' || place === 'not_begun') continue;
    // Yahoo keeps a place for a day without trade and leaves it empty: nothing to store, nothing wrong.
    const isEmpty =
      close === null && [columns.open, columns.high, columns.low].every((prices) => prices?.[index] == null);
    if (isEmpty && columns.close && index < columns.close.length) {
      if (interval === '1d' && place !== 'no_time' && place.date !== null) untraded.push(place.date);
      continue;
    }
    if (close === null) {
      reject(index, 'close', 'The bar has no close.');
      continue;
    }
    if (place === 'no_time') {
      reject(index, 'timestamp', 'The time of the bar is not a time.');
      continue;
    }
    const { startsAt, date, live }: Place = place;
    const witness = adjustedCloses?.[index];
    if (witness != null) adjusted.set(startsAt, witness / listing.minorFactor);
    rows.push({
      at: times[index] ?? startsAt,
      live,
      bar: {
        interval,
        startsAt,
        date,
        open: opens?.[index] ?? null,
        high: highs?.[index] ?? null,
        low: lows?.[index] ?? null,
        close,
        volume: volumes?.[index] ?? null,
        currency: listing.currency,
        minorFactor: listing.minorFactor,
      },
    });
  }
  return {
    bars: joinLiveRows(rows, { fetchedAt, zone: listing.zone, regular }),
    rejections,
    adjusted,
    untraded,
    places: places.flatMap((place) => (typeof place === 'string' ? [] : place.startsAt)),
  };
}

function moneyOf(value: number | null, minorFactor: number): DecimalText | null {
  const text = value === null ? null : decimalFromNumber(value);
  return text === null ? null : divide(text, minorFactor);
}

/** The end of the range in a request; `null` where it is not to be seen. Milliseconds since the epoch. */
function endOfRange(url: string | undefined): number | null {
  const text = url !== undefined && URL.canParse(url) ? new URL(url).searchParams.get('period2') : null;
  return text !== null && /^\d{1,12}$/.test(text) ? Number(text) * 1000 : null;
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
