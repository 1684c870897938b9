/**
 * The unit of the dividends of a listing that is quoted in a minor unit. Vendors give them in major and in minor units,
 * often mixed within one listing, so that the payer's habit has two centres, a hundredfold apart. Which of them is right
 * is decided for the listing as a whole: by all the falls on ex-dates together, and by what a share yields in a year.
 */
import { type Adjustments, cadenceOf, type DividendEvent, fallFits, isSame } from './dividend-events.ts';
import type { Series } from './series.ts';
import { logLikelihood, median } from './spread.ts';

/** What changing an event costs, the first and each further one: faults of one listing come together. */
const [firstCost, furtherCost] = [3, 0.7];
/** … and all of them at once: a vendor that changes its unit changes it for the whole listing. */
const allCost = 4;

/** What a share yields in a year, as a rule, and how much that differs: a factor of three either way. */
const [usualYield, yieldScale] = [Math.log(0.03), 1.1];

/** Dividends within a factor of ten of each other that make an ordinary yield need no second look. */
const [widest, leastYield, mostYield] = [Math.log(10), Math.log(0.004), Math.log(0.25)];

function isUnsuspicious(
  events: readonly DividendEvent[],
  logs: readonly number[],
  yearly: number,
  noise: number,
): boolean {
  return (
    Math.max(...logs) - Math.min(...logs) < widest &&
    yearly > leastYield &&
    yearly < mostYield &&
    events.every(({ adjusted, total }) => adjusted === null || isSame(adjusted, total, noise))
  );
}

/** For each event the factor that its amount should be multiplied by: 1 where it is right. */
export function minorUnitScale(
  series: Series,
  events: readonly DividendEvent[],
  { noise }: Adjustments,
): readonly number[] {
  const asTold = events.map(() => 1);
  const unit = series.minorFactor;
  if (unit <= 1 || events.length === 0) return asTold;
  const logs = events.map(({ told }) => Math.log(told));
  const yearly = 365 / Math.max(7, cadenceOf(series, events));
  if (isUnsuspicious(events, logs, median(logs) + Math.log(yearly), noise)) return asTold;
  const factors = [1, unit, 1 / unit];
  const centres = new Set(
    events.slice(0, 24).flatMap(({ told }) => factors.map((factor) => Math.round(4 * Math.log(told * factor)) / 4)),
  );
  let best = { score: scoreOf(asTold, median(logs)), factors: asTold };
  for (const centre of centres) {
    const aligned = events.map(
      ({ told }) =>
        factors.toSorted((a, b) => Math.abs(Math.log(told * a) - centre) - Math.abs(Math.log(told * b) - centre))[0] ??
        1,
    );
    const score = scoreOf(aligned, centre);
    if (score > best.score) best = { score, factors: aligned };
  }
  return best.factors;

  function scoreOf(each: readonly number[], centre: number): number {
    let score = 1.5 * logLikelihood(centre + Math.log(yearly) - usualYield, yieldScale);
    let changed = 0;
    for (const [index, event] of events.entries()) {
      const factor = each[index] ?? 1;
      const amount = event.told * factor;
      if (factor !== 1) changed++;
      const { adjusted, total, told } = event;
      const denied =
        adjusted !== null && !isSame(adjusted, total - told + amount, noise) && !isSame(adjusted, total, noise);
      score += fallFits(event, amount) + logLikelihood(Math.log(amount) - centre, 0.7);
      score -= (amount >= 1 ? 20 : 0) + (denied ? 1 : 0);
      if (adjusted !== null && factor === 1 && !isSame(adjusted, total, noise)) score -= 2;
    }
    if (changed === 0) return score;
    const cost = firstCost + furtherCost * (changed - 1);
    return score - (changed === events.length ? Math.min(allCost, cost) : cost);
  }
}
