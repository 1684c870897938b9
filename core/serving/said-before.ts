import type { StoredBar } from '../market/stored-bar.ts';
import type { BarReader } from '../ports/bar-reader.ts';
import { nameOf, type Qualified } from './quality.ts';

type Series = Omit<Parameters<BarReader['saidBefore']>[0], 'starts'>;

/**
 * The rows of a page, with what the source said before in place of wrong ones: a right bar is not lost because a later
 * answer was wrong.
 */
export async function servedBars(
  reader: BarReader,
  { rows, leftOut, wrong }: Qualified<StoredBar>,
  { down, ...of }: Series & { readonly down: boolean },
): Promise<{ rows: readonly StoredBar[]; leftOut: readonly string[]; earlier: readonly string[] }> {
  const before = wrong.length === 0 ? [] : await reader.saidBefore({ ...of, starts: wrong.map((row) => row.startsAt) });
  if (before.length === 0) return { rows, leftOut, earlier: [] };
  const earlier = before.map(nameOf);
  const sign = down ? -1 : 1;
  return {
    rows: [...rows, ...before].sort((a, b) => sign * (a.startsAt.getTime() - b.startsAt.getTime())),
    leftOut: leftOut.filter((name) => !earlier.includes(name)),
    earlier,
  };
}

/** The closes before some days, with what the source said before in place of wrong ones: payments are taken off by these. */
export async function servedCloses<Row extends StoredBar & { readonly before: string }>(
  reader: BarReader,
  { rows, wrong }: Qualified<Row>,
  of: Series,
): Promise<(StoredBar & { readonly before: string })[]> {
  if (wrong.length === 0) return [...rows];
  const said = await reader.saidBefore({ ...of, starts: wrong.map((row) => row.startsAt) });
  const byStart = new Map(said.map((row) => [row.startsAt.getTime(), row]));
  return [
    ...rows,
    ...wrong.flatMap((row) => {
      const before = byStart.get(row.startsAt.getTime());
      return before ? [{ ...before, before: row.before }] : [];
    }),
  ];
}
