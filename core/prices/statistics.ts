import { Decimal } from 'decimal.js';
import type { BarSeries } from '../market/bar-series.ts';
import type { DecimalText } from '../market/decimal.ts';
import type { ListedQuote } from '../market/listed-quote.ts';
import { noCurrency } from '../market/money.ts';
import type { CurrencyStatistics, RejectedRow } from './decision.ts';

/** Digits of a mean after the point. A mean is a quotient, and may have no end. */
const meanDigits = 10;

/** Enough digits for any sum of a batch, and plain notation whatever the size. */
const Exact = Decimal.clone({ precision: 80, toExpNeg: -1e9, toExpPos: 1e9 });

interface Observation {
  readonly price: DecimalText;
  readonly previous: DecimalText | null;
  readonly volume: DecimalText | null;
}

/** Statistics of quotes by currency: price against the previous close beside it. Sums are exact. */
export function quoteStatistics(
  rows: readonly ListedQuote[],
  rejected: readonly RejectedRow[],
): readonly CurrencyStatistics[] {
  const byCurrency = new Map<string, Observation[]>();
  for (const { quote } of rows)
    observationsOf(byCurrency, quote.currency).push({
      price: quote.price,
      previous: quote.previousClose,
      volume: quote.volume,
    });
  return statistics(byCurrency, rejected);
}

/** Statistics of bars by currency: each close against the close before it in the same series. */
export function barStatistics(
  series: readonly BarSeries[],
  rejected: readonly RejectedRow[],
): readonly CurrencyStatistics[] {
  const byCurrency = new Map<string, Observation[]>();
  for (const { bars } of series)
    for (const [index, bar] of bars.entries())
      observationsOf(byCurrency, bar.currency).push({
        price: bar.close,
        previous: bars[index - 1]?.close ?? null,
        volume: bar.volume,
      });
  return statistics(byCurrency, rejected);
}

function observationsOf(byCurrency: Map<string, Observation[]>, currency: string): Observation[] {
  const known = byCurrency.get(currency);
  if (known) return known;
  const made: Observation[] = [];
  byCurrency.set(currency, made);
  return made;
}

function statistics(
  byCurrency: ReadonlyMap<string, readonly Observation[]>,
  rejected: readonly RejectedRow[],
): readonly CurrencyStatistics[] {
  const refused = new Map<string, number>();
  for (const row of rejected) {
    // Rejected rows without a readable currency are counted together.
    const currency = row.currency ?? noCurrency;
    refused.set(currency, (refused.get(currency) ?? 0) + 1);
  }
  return [...new Set([...byCurrency.keys(), ...refused.keys()])]
    .sort()
    .map((currency) => summary(currency, byCurrency.get(currency) ?? [], refused.get(currency) ?? 0));
}

function summary(currency: string, rows: readonly Observation[], rejected: number): CurrencyStatistics {
  let [up, down, unchanged, withVolume] = [0, 0, 0, 0];
  const prices = new ExactSum();
  const volumes = new ExactSum();
  const values = new Float64Array(rows.length);
  for (const [index, row] of rows.entries()) {
    const price = Number(row.price);
    values[index] = price;
    prices.add(row.price);
    if (row.volume !== null) {
      volumes.add(row.volume);
      withVolume++;
    }
    if (row.previous === null) continue;
    const previous = Number(row.previous);
    if (price > previous) up++;
    else if (price < previous) down++;
    else unchanged++;
  }
  values.sort();
  const count = rows.length;
  const at = (index: number) => new Exact(values[index] ?? 0);
  return {
    currency,
    count,
    rejected,
    mean: count === 0 ? null : prices.total().div(count).toDecimalPlaces(meanDigits).toFixed(),
    median:
      count === 0
        ? null
        : count % 2 === 1
          ? at((count - 1) / 2).toFixed()
          : at(count / 2 - 1)
              .plus(at(count / 2))
              .div(2)
              .toFixed(),
    min: count === 0 ? null : at(0).toFixed(),
    max: count === 0 ? null : at(count - 1).toFixed(),
    up,
    down,
    unchanged,
    volume: withVolume === 0 ? null : volumes.total().toFixed(),
  };
}

/**
 * A sum of decimals without rounding and without a decimal object per row: digits are added as whole numbers, one sum
 * for each count of digits after the point, and joined at the end.
 */
class ExactSum {
  private readonly sums: number[] = [];
  private readonly large: Decimal[] = [];

  add(text: DecimalText): void {
    const point = text.indexOf('.');
    const scale = point < 0 ? 0 : text.length - point - 1;
    const digits = Number(point < 0 ? text : text.slice(0, point) + text.slice(point + 1));
    const sum = (this.sums[scale] ?? 0) + digits;
    if (Number.isSafeInteger(digits) && Number.isSafeInteger(sum)) this.sums[scale] = sum;
    else this.large.push(new Exact(text));
  }

  total(): Decimal {
    let total = new Exact(0);
    for (const [scale, sum] of this.sums.entries())
      if (sum) total = total.plus(new Exact(sum).div(new Exact(10).pow(scale)));
    for (const each of this.large) total = total.plus(each);
    return total;
  }
}
