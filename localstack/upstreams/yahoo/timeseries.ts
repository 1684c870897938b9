/**
 * `/ws/fundamentals-timeseries/v1/finance/timeseries/{symbol}`: statements and valuations by type, such as
 * `annualTotalRevenue`, and the number of shares where no type is asked for.
 */
import { lastSession } from './calendar.ts';
import { marketValue, type Quarter, quartersOf, sharesOf, together } from './company.ts';
import type { SimMarket } from './market.ts';
import type { SimInstrument } from './universe.ts';

const day = 86_400_000;

interface Point {
  readonly end: number;
  readonly value: number;
}

/** `timeseries.result` for the types that are asked for. Times in milliseconds. */
export function timeseriesOf(
  market: SimMarket,
  instrument: SimInstrument,
  asked: { readonly types: readonly string[]; readonly from: number; readonly to: number },
  now: number,
): Record<string, unknown>[] {
  const symbol = instrument.symbol;
  if (asked.types.length === 0) return [sharesAsked(instrument, asked, now)];
  const reported = quartersOf(market, instrument, now).filter(({ reportedAt }) => reportedAt <= now);
  return asked.types.map((type) => {
    const [, period = '', name = ''] = /^(annual|quarterly|monthly|trailing)(\w+)$/.exec(type) ?? [];
    const points = pointsOf(market, instrument, reported, period, name, now).filter(
      ({ end }) => end >= asked.from && end <= asked.to,
    );
    const meta = { symbol: [symbol], type: [type] };
    return points.length === 0
      ? { meta }
      : { meta, timestamp: points.map(seconds), [type]: points.map(written(instrument, period)) };
  });
}

function pointsOf(
  market: SimMarket,
  instrument: SimInstrument,
  reported: readonly Quarter[],
  period: string,
  name: string,
  now: number,
): Point[] {
  const points: Point[] = [];
  for (const [at, { end }] of reported.entries()) {
    const year = reported.slice(Math.max(0, at - 3), at + 1);
    if (period !== 'quarterly' && year.length < 4) continue;
    if (period === 'annual' && new Date(end).getUTCMonth() !== 11) continue;
    if (period === 'trailing' && at < reported.length - 1) continue;
    const figures = together(period === 'quarterly' ? year.slice(-1) : year);
    const figure = figures.get(name);
    if (figure !== undefined) points.push({ end, value: figure });
    // Beside the last year's figures a company is worth something else each day.
    const seenAt = period === 'trailing' ? Math.floor(now / day) * day : end;
    const value = figure === undefined ? valuation(market, instrument, together(year), name, seenAt) : null;
    if (value !== null) points.push({ end: seenAt, value });
  }
  return points;
}

/** What a company is worth beside its last four quarters, by the last close. */
function valuation(
  market: SimMarket,
  instrument: SimInstrument,
  year: ReadonlyMap<string, number>,
  name: string,
  at: number,
): number | null {
  const price = market.priceOf(instrument, lastSession(instrument.exchange, at).closesAt);
  const worth = marketValue(instrument, price);
  const of = (figure: string) => year.get(figure) ?? 0;
  if (worth === null || of('TotalRevenue') === 0) return null;
  const enterprise = worth + of('NetDebt');
  const found = new Map([
    ['MarketCap', worth],
    ['EnterpriseValue', enterprise],
    ['PeRatio', worth / of('NetIncome')],
    ['ForwardPeRatio', worth / (of('NetIncome') * 1.07)],
    ['PegRatio', worth / of('NetIncome') / 12],
    ['PsRatio', worth / of('TotalRevenue')],
    ['PbRatio', worth / of('StockholdersEquity')],
    ['EnterprisesValueRevenueRatio', enterprise / of('TotalRevenue')],
    ['EnterprisesValueEBITDARatio', enterprise / of('EBITDA')],
  ]).get(name);
  return found === undefined ? null : Number(found.toFixed(6));
}

/** The number of shares, week by week. */
function sharesAsked(instrument: SimInstrument, asked: { from: number; to: number }, now: number) {
  const meta = { symbol: [instrument.symbol], type: ['shares_out'] };
  const shares = sharesOf(instrument);
  const to = Math.min(asked.to, now);
  const first = Math.ceil(asked.from / (7 * day)) * 7 * day;
  if (shares === null || first > to) return { meta };
  const timestamp = Array.from(
    { length: Math.floor((to - first) / (7 * day)) + 1 },
    (_, week) => first / 1000 + week * 7 * 86_400,
  );
  return { meta, timestamp, shares_out: timestamp.map(() => shares) };
}

function seconds({ end }: Point): number {
  return Math.floor(end / 1000);
}

const lengths = new Map([
  ['annual', '12M'],
  ['quarterly', '3M'],
  ['monthly', '1M'],
]);

function written({ currency }: SimInstrument, period: string) {
  return ({ end, value }: Point) => ({
    dataId: 20_100,
    asOfDate: new Date(end).toISOString().slice(0, 10),
    periodType: lengths.get(period) ?? 'TTM',
    currencyCode: currency.toUpperCase(),
    reportedValue: { raw: value, fmt: short(value) },
  });
}

/** `383.29B`: as Yahoo shortens a figure. */
export function short(value: number): string {
  const size = Math.abs(value);
  for (const [least, letter] of [
    [1e12, 'T'],
    [1e9, 'B'],
    [1e6, 'M'],
    [1e3, 'k'],
  ] as const)
    if (size >= least) return `${(value / least).toFixed(2)}${letter}`;
  return value.toFixed(2);
}
