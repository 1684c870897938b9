import type { SourceView } from '../../../core/contracts/http/operations.ts';
import { gravityOf, type HealthStatus } from '../../../core/contracts/words/health-status.ts';
import { formatCount } from '../text/format.ts';
import { statusWords } from './status.ts';

/** Hours that a week has on its strip. */
export const hoursOfWeek = 7 * 24;
const hourMs = 3_600_000;

/** What the API reports of one hour. */
interface Hour {
  /** When it began. */
  readonly at: string;
  readonly status: HealthStatus;
  readonly lowest: number | null;
}

/** Hours in a row that ended in the same status. */
export interface Span {
  /** Epoch milliseconds of the first hour's beginning, and of the last one's end. */
  readonly from: number;
  readonly to: number;
  readonly status: HealthStatus;
  /** The lowest score of these hours; `null` where none had one. */
  readonly lowest: number | null;
}

export interface Week {
  /** When the strip begins: its last hour is the one that is under way. */
  readonly from: number;
  /** Oldest first. Unknown hours are in none of them. */
  readonly spans: readonly Span[];
}

/**
 * A source's last seven days by the hour. `trend`, which comes with each answer about the source, is newer than `samples`
 * and stands for its hours.
 */
export function weekOf(samples: readonly Hour[], trend: SourceView['health']['trend'], nowMs: number): Week {
  const end = (Math.floor(nowMs / hourMs) + 1) * hourMs;
  const from = end - hoursOfWeek * hourMs;
  const hours = new Map<number, Omit<Hour, 'at'>>();
  for (const { at, status, lowest } of samples) hours.set(Date.parse(at), { status, lowest });
  for (const { at, status, score } of trend) {
    const before = hours.get(Date.parse(at));
    hours.set(Date.parse(at), { status, lowest: least(before?.lowest ?? null, score) });
  }
  const spans: Span[] = [];
  for (let hour = from; hour < end; hour += hourMs) {
    const one = hours.get(hour);
    if (!one) continue;
    const last = spans.at(-1);
    if (last && last.to === hour && last.status === one.status)
      spans[spans.length - 1] = { ...last, to: hour + hourMs, lowest: least(last.lowest, one.lowest) };
    else spans.push({ from: hour, to: hour + hourMs, ...one });
  }
  return { from, spans };
}

/** How many hours a week has of each status, the gravest first: `3 h failed, 1 h degraded, lowest score 18`. */
export function weekInWords({ spans }: Week): string {
  if (spans.length === 0) return 'nothing yet';
  const hours = Map.groupBy(spans, ({ status }) => status);
  const told = [...hours]
    .filter(([status]) => status !== 'healthy')
    .toSorted(([a], [b]) => gravityOf(a) - gravityOf(b))
    .map(([status, those]) => `${formatCount(hoursIn(those))} h ${statusWords[status]}`);
  const lowest = spans.reduce<number | null>((sofar, span) => least(sofar, span.lowest), null);
  return [
    ...(told.length === 0 ? ['healthy throughout'] : told),
    ...(lowest === null ? [] : [`lowest score ${Math.round(lowest)}`]),
  ].join(', ');
}

/** How many hours of a week are known, and how many of them were healthy. */
export function hoursKnown({ spans }: Week): { readonly known: number; readonly healthy: number } {
  return { known: hoursIn(spans), healthy: hoursIn(spans.filter(({ status }) => status === 'healthy')) };
}

function hoursIn(spans: readonly Span[]): number {
  return spans.reduce((sum, { from, to }) => sum + (to - from) / hourMs, 0);
}

function least(a: number | null, b: number | null): number | null {
  return a === null ? b : b === null ? a : Math.min(a, b);
}
