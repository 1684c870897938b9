import type { BarRange } from '../contracts/messages.ts';

const day = 86_400_000;

/**
 * The chunks of a backfill: each symbol by itself, in ranges of at most `days`, the newest first, so that what is cut
 * short has the more useful half. Dates are included on both ends.
 */
export function chunksOf(
  symbols: readonly string[],
  range: BarRange,
  days: number,
): { symbol: string; range: BarRange }[] {
  const ranges: BarRange[] = [];
  const first = Date.parse(range.from);
  for (let to = Date.parse(range.to); to >= first; to -= days * day) {
    const from = Math.max(first, to - (days - 1) * day);
    ranges.push({ from: dateOf(from), to: dateOf(to), interval: range.interval });
  }
  return ranges.flatMap((each) => symbols.map((symbol) => ({ symbol, range: each })));
}

function dateOf(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}
