import { Decimal } from 'decimal.js';
import type { DecimalText } from '../market/decimal.ts';
import type { StoredBar } from '../market/stored-bar.ts';
import type { BarReader } from '../ports/bar-reader.ts';
import { NotDerivableError } from './adjust.ts';
import { adjust } from './adjust-series.ts';

/** Daily bars of one source: a century has no more. */
const mostDays = 40_000;
/** A day begins elsewhere before it does in UTC, or after it. */
const zoneMs = 86_400_000;
/** Prices of one, with as many digits as are computed: what becomes of it is the factor. */
const unit = '1.00000000000000';
const digits = 15;

/** What prices of a day are multiplied with; see `dailyFactors`. */
export interface DayFactors {
  readonly date: string;
  readonly split: DecimalText | null;
  readonly dividend: DecimalText | null;
}

/**
 * The factors of each day in [from, to] that has a daily bar of a source, by the rules by which `/bars` adjusts:
 *
 * - `split`: a price as it was traded on the day, times this, is in today's shares
 * - `dividend`: a price in today's shares, times this, is adjusted for the payments after the day, up to the source's last bar
 *
 * Each is `null` for all days where a split or payment could be missing from what is stored.
 */
export async function dailyFactors(
  reader: BarReader,
  of: { readonly listingId: number; readonly zone: string; readonly source: string; readonly now: number },
  from: string,
  to: string,
): Promise<DayFactors[]> {
  const { listingId, zone, source } = of;
  const found = await reader.bars({
    ...{ listingId, source, zone, interval: '1d', knownAt: null, order: 'asc', after: null, limit: mostDays },
    from: new Date(Date.parse(from) - zoneMs).toISOString(),
    to: new Date(Date.parse(to) + 2 * zoneMs).toISOString(),
  });
  const rows = found
    .filter(({ day }) => day >= from && day <= to)
    .map((row): StoredBar => ({ ...row, open: null, high: null, low: null, close: unit, volume: null }));
  if (rows.length === 0) return [];
  const actions = await reader.actions(listingId, zone, null);
  const adjustedBy = async (adjustment: 'raw' | 'splits' | 'splits_and_dividends') => {
    try {
      const adjusted = await adjust(reader, rows, actions, { ...of, adjustment, adjustedTo: null, knownAt: null });
      return adjusted.map(({ close }) => new Decimal(close));
    } catch (error) {
      if (error instanceof NotDerivableError) return null;
      throw error;
    }
  };
  const [raw, splits, dividends] = [
    await adjustedBy('raw'),
    await adjustedBy('splits'),
    await adjustedBy('splits_and_dividends'),
  ];
  const quotient = (a: readonly Decimal[] | null, b: readonly Decimal[] | null, at: number) => {
    const [over, under] = [a?.[at], b?.[at]];
    return over && under ? over.div(under).toSignificantDigits(digits).toFixed() : null;
  };
  return rows.map(({ day }, at) => ({
    date: day,
    split: quotient(splits, raw, at),
    dividend: quotient(dividends, splits, at),
  }));
}
