/**
 * What a listing usually moves in a day, from its own daily bars. A few bars that are wrong do not count: a step in and a
 * step out are two moves of sixty.
 */
import { logReturns, median, usualMove } from './rules/spread.ts';

/** So many of the newest closes speak for a listing; with fewer moves than the least nothing is said. */
export const [usualMoveCloses, leastMoves] = [61, 20];

/** The closes of a source's newest daily bars, oldest first. */
type Closes = readonly number[];

/** The usual move by the bars of each source, as a fraction: the middle of several; `null` where no bars say. */
export function usualMoveOf(sources: readonly Closes[]): number | null {
  const moves = sources.flatMap((closes) => {
    const returns = logReturns(closes.slice(-usualMoveCloses)).filter((each) => !Number.isNaN(each));
    return returns.length < leastMoves ? [] : [usualMove(returns)];
  });
  return moves.length === 0 ? null : Number(median(moves).toPrecision(6));
}
