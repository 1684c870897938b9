import type { Bar, BarInterval } from '../../core/market/bar.ts';
import { decimalFromNumber } from '../../core/market/decimal.ts';
import type { AssetClass } from '../../core/market/instrument.ts';
import type { RuleAction, SeriesInput } from '../../core/prices/rules/series.ts';
import { randomOf } from './random.ts';

const dayMs = 86_400_000;
const firstDay = Date.UTC(2023, 0, 2);

export interface WalkOptions {
  readonly seed: number;
  readonly rows?: number;
  readonly interval?: BarInterval;
  readonly assetClass?: AssetClass;
  /** Quoted in units of which so many make one of the currency. */
  readonly minorFactor?: number;
  /** Usual size of a day's move. */
  readonly move?: number;
  readonly start?: number;
  /** Payments a year, and of which share of the price each is, about. */
  readonly payments?: number;
  readonly payout?: number;
  /** A split with its place among the rows, in [0, 1], already in the prices. */
  readonly split?: { readonly place: number; readonly ratio: number };
}

/** Days of the rows: weekdays, or the Mondays of weeks. */
function daysOf(rows: number, interval: BarInterval): string[] {
  const days: string[] = [];
  for (let at = firstDay; days.length < rows; at += dayMs) {
    const weekday = new Date(at).getUTCDay();
    if (interval === '1wk' ? weekday === 1 : weekday !== 0 && weekday !== 6)
      days.push(new Date(at).toISOString().slice(0, 10));
  }
  return days;
}

/**
 * A market: prices that move by fat-tailed steps with quiet and wild times, fall by what is paid on ex-dates, and whose
 * vendor computes an adjusted close from it. Amounts and prices are in major units, adjusted for splits.
 */
export function walk(options: WalkOptions): SeriesInput {
  const { seed, rows = 500, interval = '1d', assetClass = 'equity', minorFactor = 1, start = 50 } = options;
  const { payments = 0, payout = 0.01, split } = options;
  const random = randomOf(seed);
  const normal = () => Math.sqrt(-2 * Math.log(random() + 1e-12)) * Math.cos(2 * Math.PI * random());
  const scale = options.move ?? 0.004 + 0.02 * random();
  const currency = minorFactor > 1 ? 'GBP' : 'USD';
  const perYear = interval === '1wk' ? 52 : 260;
  const every = payments > 0 ? Math.round(perYear / payments) : Number.POSITIVE_INFINITY;
  const offset = Math.floor(random() * Math.min(every, perYear));
  const digits = start < 5 ? 4 : 2;
  const rounded = (price: number) => Number(price.toFixed(digits));
  const actions: RuleAction[] = [];
  const bars: Bar[] = [];
  let price = start;
  let wildness = 1;
  for (const [index, date] of daysOf(rows, interval).entries()) {
    wildness = Math.min(3, Math.max(0.5, wildness * Math.exp(0.1 * normal() - 0.02 * Math.log(wildness))));
    const step = () => scale * wildness * normal() * (random() < 0.02 ? 3 : 1);
    const before = price;
    let paid = 0;
    if (index > 0 && index % every === offset % every) {
      paid = Number((before * payout * (0.7 + 0.6 * random()) * (random() < 0.05 ? 3 : 1)).toFixed(4));
      if (paid > 0) {
        const value = decimalFromNumber(paid) ?? '0';
        actions.push({ type: 'dividend', exDate: date, value, currency });
      }
    }
    const open = rounded((before - paid) * Math.exp(0.5 * step()));
    const close = rounded(open * Math.exp(0.87 * step()));
    const high = rounded(Math.max(open, close) * Math.exp(Math.abs(0.3 * step())));
    const low = rounded(Math.min(open, close) * Math.exp(-Math.abs(0.3 * step())));
    price = close;
    bars.push({
      interval,
      startsAt: Date.parse(`${date}T00:00:00Z`),
      date,
      open: String(open),
      high: String(high),
      low: String(low),
      close: String(close),
      volume: String(Math.round(1e5 * Math.exp(normal()))),
      currency,
      minorFactor,
    });
  }
  if (split) {
    const date = bars[Math.floor(split.place * rows)]?.date;
    if (date) actions.push({ type: 'split', exDate: date, value: String(split.ratio), currency: null });
  }
  const input = { assetClass, currency, minorFactor, zone: 'UTC', basis: 'splits', bars, actions } as const;
  return { ...input, adjusted: adjustedBy(input) };
}

/** The adjusted closes that a vendor computes from some dividends. */
export function adjustedBy({ bars, actions }: Pick<SeriesInput, 'bars' | 'actions'>): Map<number, number> {
  const adjusted = new Map<number, number>();
  let factor = 1;
  for (let index = bars.length - 1; index >= 0; index--) {
    const bar = bars[index];
    const after = bars[index + 1];
    if (!bar) continue;
    const from = bar.date ?? '';
    const to = after?.date ?? '';
    for (const { type, exDate, value } of actions)
      if (type !== 'split' && exDate > from && exDate <= to) factor *= 1 - Number(value) / Number(bar.close);
    adjusted.set(bar.startsAt, Number(bar.close) * factor);
  }
  return adjusted;
}

/** A series with the prices of some rows multiplied, as a vendor's fault would. */
export function withRows(
  input: SeriesInput,
  factorOf: (index: number) => number,
  fields: readonly ('open' | 'high' | 'low' | 'close')[] = ['open', 'high', 'low', 'close'],
): SeriesInput {
  const adjusted = new Map(input.adjusted);
  const bars = input.bars.map((bar, index) => {
    const factor = factorOf(index);
    if (factor === 1) return bar;
    const of = (field: 'open' | 'high' | 'low' | 'close') => {
      const price = bar[field];
      return price === null || !fields.includes(field) ? price : decimalFromNumber(Number(price) * factor);
    };
    const before = adjusted.get(bar.startsAt);
    if (before !== undefined && fields.includes('close')) adjusted.set(bar.startsAt, before * factor);
    return { ...bar, open: of('open'), high: of('high'), low: of('low'), close: of('close') ?? bar.close };
  });
  return { ...input, bars, adjusted };
}

/** A series with other actions; the vendor's adjusted closes stay those of `adjustedFor`. */
export function withActions(
  input: SeriesInput,
  actions: readonly RuleAction[],
  adjustedFor: readonly RuleAction[] = input.actions,
): SeriesInput {
  return { ...input, actions, adjusted: adjustedBy({ bars: input.bars, actions: adjustedFor }) };
}
