import { Decimal } from 'decimal.js';
import type { BarBasis } from '../market/bar.ts';
import type { StoredAction, StoredBar } from '../market/stored-bar.ts';
import { dateInZone } from '../market/zoned-date.ts';
import type { BarReader } from '../ports/bar-reader.ts';
import { type Actions, adjustBars, NotDerivableError } from './adjust.ts';

/** Days without a daily bar that may lie between two: the longest holidays of an exchange with both weekends. */
const holiday = 12;

export interface BarsAsked {
  readonly listingId: number;
  readonly zone: string;
  readonly source: string;
  readonly adjustment: 'none' | BarBasis;
  /** The day up to which payments are taken off; `null` for the last daily bar of the source. */
  readonly adjustedTo: string | null;
  readonly knownAt: string | null;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/**
 * Brings bars of one source to the adjustment that is asked for, with what is stored of splits and dividends. Throws
 * NotDerivableError where a split or dividend could be missing from that: a factor that is left out gives a price that
 * looks right and is wrong by a multiple.
 */
export async function adjust(
  reader: BarReader,
  rows: readonly StoredBar[],
  actions: readonly StoredAction[],
  asked: BarsAsked,
): Promise<StoredBar[]> {
  const { adjustment } = asked;
  if (adjustment === 'none') return [...rows];
  const first = rows.map((row) => row.day).sort()[0];
  if (first === undefined) return [];
  const authority = authorityOf(asked.source, rows, actions);
  const counted = actions.filter((action) => action.source === authority);
  const until = await endOf(reader, rows, asked, first);
  await requireComplete(reader, rows, asked, { authority, first, until });
  const dividends = paymentsOf(counted).filter(({ exDate }) => exDate > first && exDate <= until);
  return adjustBars(rows, adjustment, {
    splits: counted.flatMap(({ type, ratio, exDate, knownAt }) =>
      type === 'split' && ratio !== null && Number(ratio) > 0 ? [{ exDate, ratio, knownAt }] : [],
    ),
    dividends: adjustment === 'splits_and_dividends' ? await withCloses(reader, dividends, rows, asked, first) : [],
    dividendsSplitAdjusted: authority !== asked.source || rows.some((row) => row.basis !== 'raw'),
  });
}

/**
 * The source whose splits and dividends count. Never two sources' mixed: one that dates a split a day later would make it
 * count twice.
 */
export function authorityOf(source: string, rows: readonly StoredBar[], actions: readonly StoredAction[]): string {
  if (rows.some((row) => row.basis !== 'raw') || actions.some((action) => action.source === source)) return source;
  const others = [...new Set(actions.map((action) => action.source))].sort();
  return others[0] ?? source;
}

/** The last day whose splits and payments matter. */
async function endOf(reader: BarReader, rows: readonly StoredBar[], asked: BarsAsked, first: string): Promise<string> {
  const today = dateInZone(asked.knownAt === null ? asked.now : Date.parse(asked.knownAt), asked.zone);
  if (asked.adjustment === 'raw') return latest(rows.map((row) => row.basisDay)) ?? first;
  if (asked.adjustment === 'splits') return today;
  const last = await reader.lastDay(asked.listingId, asked.source);
  return asked.adjustedTo ?? [last ?? latest(rows.map((row) => row.day)) ?? first, today].sort()[0] ?? first;
}

function latest(days: readonly string[]): string | undefined {
  return days.toSorted().at(-1);
}

/**
 * A split or payment is known when its source has answered for the day: it gives it beside the bars. So over the time in
 * which an unknown one would matter, daily bars may have no gap that is longer than a holiday and that no answer has spoken
 * for. One that an answer has spoken for is a halt. That time is:
 * - to raw, from the first bar to the latest reading of these bars: what the source has divided by must be known;
 * - to splits from splits, nowhere: a later split that is not known makes the bars no worse than as stored;
 * - to splits from raw, from the first bar until now;
 * - to splits and dividends, from the first bar to the last one, or to the day that is asked for.
 */
async function requireComplete(
  reader: BarReader,
  rows: readonly StoredBar[],
  asked: BarsAsked,
  { authority, first, until }: { authority: string; first: string; until: string },
): Promise<void> {
  const bases = new Set(rows.map((row) => row.basis));
  if (asked.adjustment === 'raw' && !bases.has('splits')) return;
  if (asked.adjustment === 'splits' && !bases.has('raw')) return;
  if (asked.adjustment === 'splits_and_dividends' && !bases.has('raw') && !bases.has('splits')) return;
  if (until <= first) return;
  const gap = await reader.widestGap(asked.listingId, authority, first, until);
  if (gap && gap.days > holiday)
    throw new NotDerivableError(
      `Between ${gap.from} and ${gap.to} there are no daily bars of ${authority}, so a split or dividend of that time would not be known. Collect that range first, or ask for adjustment=none.`,
    );
}

/** What was paid on each day: dividends, and the capital gains beside them in one sum. */
function paymentsOf(actions: readonly StoredAction[]): StoredAction[] {
  const paid = new Map<string, StoredAction>();
  for (const action of actions) {
    if (action.type === 'split') continue;
    const key = `${action.exDate} ${action.currency}`;
    const other = paid.get(key);
    const sum = other?.amount && action.amount ? new Decimal(other.amount).add(action.amount).toFixed() : action.amount;
    paid.set(key, other ? { ...other, amount: sum } : action);
  }
  return [...paid.values()];
}

async function withCloses(
  reader: BarReader,
  dividends: readonly StoredAction[],
  rows: readonly StoredBar[],
  asked: BarsAsked,
  first: string,
): Promise<Actions['dividends']> {
  if (dividends.length === 0) return [];
  const days = dividends.map((dividend) => dividend.exDate);
  const closes = await reader.closesBefore(asked.listingId, asked.source, asked.zone, days, first, asked.knownAt);
  const before = new Map(closes.map((row) => [row.before, row]));
  const currency = rows[0]?.currency;
  return dividends.map(({ exDate, amount, currency: paidIn, knownDay, knownAt }) => {
    if (amount === null) throw new NotDerivableError(`The amount of the dividend of ${exDate} is not known.`);
    if (paidIn !== currency)
      throw new NotDerivableError(
        `The dividend of ${exDate} is in ${paidIn ?? 'an unknown currency'}, the prices in ${currency}.`,
      );
    return { exDate, amount, knownDay, knownAt, before: before.get(exDate) ?? null };
  });
}
