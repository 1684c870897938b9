import type { AssetClass } from '../market/instrument.ts';

/**
 * By what factor a price may differ from the last one that is known before it is held back: 2 lets through a halving
 * and a doubling. Wider than any index, fund or currency has moved in a session since 1987 (S&P 500: 0.80), and
 * about where single shares and coins do it a few times a year in the whole market.
 */
export const jumpFactor: Readonly<Record<AssetClass, number>> = {
  equity: 2,
  etf: 1.6,
  fund: 1.3,
  index: 1.3,
  crypto: 2,
  fx: 1.25,
  future: 1.6,
  // An option loses or gains a multiple of its price within hours, as a rule.
  option: 20,
  other: 3,
};

/**
 * How far a ratio may be from 100 or 1,000 and still be a unit mistake: the price has moved meanwhile, too. What lies between
 * this and the jump factor is held back as a jump, so the two together leave no gap.
 */
export const unitSlack = 1.6;

/** A market time later than the fetch by more than this is not a clock that is off, but a wrong field. */
export const futureToleranceMs = 5 * 60_000;

/** A stored price older than this does not say how far a price may have moved since. */
export const priorValidMs = 30 * 86_400_000;

/** Another source's price speaks for a jump when it is within this fraction of it … */
export const corroborationFraction = 0.05;
/** … and no older than this. */
export const corroborationMs = 3_600_000;

/** All rows of an answer older than what is stored by more than this: the source serves an old cache. */
export const staleBehindStoredMs = 15 * 60_000;

/** Candidates whose market times differ by less are equally fresh: sources that are read each minute differ by one. */
export const freshnessToleranceMs = 2 * 60_000;

/** Prices of two sources that differ by less agree: about the spread and delay of ordinary feeds. */
export const agreementFraction = 0.005;

/** The earliest time a row may carry: 1800, before any series of prices that exists. */
export const earliestTime = Date.UTC(1800, 0, 1);

/** A newest bar older than this does not say where its source's price is. */
export const latestBarMs = 10 * 86_400_000;

/** A settled price is given up when so many later answers are all at another one … */
export const outvotingAnswers = 3;

/** … and the first of them is older than this: a feed that is wrong for some minutes outvotes nothing. */
export const outvotingMs = 30 * 60_000;

/** Rates and spreads below this move by points: their ratios say nothing. */
export const rateLevel = 5;

/** A bar that was fetched so many days after its start has settled: it should not change any more. */
export const settledAfterDays: Readonly<Record<'intraday' | '1d' | '1wk' | '1mo', number>> = {
  intraday: 2,
  '1d': 2,
  '1wk': 9,
  '1mo': 33,
};
