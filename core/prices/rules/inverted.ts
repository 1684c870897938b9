/**
 * Currency pairs the other way round: dollars per euro among euros per dollar.
 *
 * A close that steps to the reciprocal of the one before it, farther than the pair moves, begins or ends rows that are
 * inverted. The newest rows are right unless the stored quote says the opposite. Rows that step back are wrong; those on the
 * older side of a single step are in doubt where no quote speaks, since a peg may break by such a factor.
 */
import type { PriceWitness } from '../../contracts/words/price-findings.ts';
import type { Finding } from './finding.ts';
import { barSubject, type PriceAt, type Series } from './series.ts';
import { moveAround } from './spread.ts';

/** A step counts from so many usual moves on and from so much in logarithms; the reciprocal is met within so many. */
const [leastMoves, leastStep, slackMoves] = [8, 0.08, 4] as const;

/** A quote farther from the newest row than this says nothing of it. */
const quoteDays = 5;

/** Finds rows whose price is the reciprocal of the right one. */
export function checkInverted(series: Series): Finding[] {
  if (series.assetClass !== 'fx') return [];
  const { rows } = series;
  const steps = rows.flatMap((_, index) => (isTurn(series, index) ? [index] : []));
  const quoted = turnOfQuote(series, series.evidence.quote);
  if (steps.length === 0 && quoted !== true) return [];
  const witness: PriceWitness = quoted === null ? 'surroundings' : 'stored_quote';
  const severity = steps.length > 1 || quoted !== null ? 'wrong' : 'doubt';
  const turns = new Set(steps);
  const found: Finding[] = [];
  let isInverted = quoted === true;
  for (let index = rows.length - 1; index >= 0; index--) {
    const row = rows[index];
    if (row && isInverted)
      found.push({
        rule: 'unit',
        severity,
        subject: barSubject(row),
        evidence: { code: 'inverted', ratio: Number((row.close * row.close).toPrecision(6)), witness },
        proposal: null,
      });
    if (turns.has(index)) isInverted = !isInverted;
  }
  return found;
}

/** Whether a row stands at the reciprocal of the one before it. */
function isTurn(series: Series, index: number): boolean {
  const [before, row] = [series.rows[index - 1], series.rows[index]];
  if (!before || !row || !(before.close > 0) || !(row.close > 0)) return false;
  const usual = moveAround(series, index);
  const step = Math.abs(series.returns[index] ?? 0);
  return (
    step > Math.max(leastStep, leastMoves * usual) && Math.abs(Math.log(row.close * before.close)) <= slackMoves * usual
  );
}

/** Whether the stored quote has the newest row the other way round; `null` where it says nothing. */
function turnOfQuote(series: Series, quote: PriceAt | undefined): boolean | null {
  const last = series.rows.at(-1);
  if (!quote || !last || !(quote.price > 0) || !(last.close > 0)) return null;
  if (Math.abs(quote.at - last.at) > quoteDays * 86_400_000) return null;
  const size = Math.abs(2 * Math.log(last.close));
  const slack = slackMoves * series.sigma * Math.sqrt(quoteDays);
  if (size < Math.max(leastStep, leastMoves * series.sigma, 2 * slack)) return null;
  if (Math.abs(Math.log(quote.price / last.close)) <= slack) return false;
  return Math.abs(Math.log(quote.price * last.close)) <= slack ? true : null;
}
