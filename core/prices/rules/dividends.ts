/**
 * Dividends: the unit of each by witnesses, amounts no price could pay, payments that were not made, told twice or under
 * another date, and capital gains that the dividend holds already.
 *
 * An amount is compared with itself times what it may be off by: the listing's minor unit, 100, a later split. Each is
 * weighed by the fall on the ex-date, by the vendor's adjusted close and by what the payer pays otherwise, against how
 * rare such a fault is. No single witness but the adjusted close convicts: prices fall for many reasons, and payers pay
 * a two-hundredth of the usual as well. A vendor takes off what it says, though: what only the price speaks against is in
 * doubt.
 */
import { Decimal } from 'decimal.js';
import {
  type Adjustments,
  cadenceOf,
  type DividendEvent,
  fallFits,
  type Habit,
  habitFits,
  habitOf,
  isSame,
  splitFactors,
} from './dividend-events.ts';
import { factorOutOfLine, paymentsOutOfTurn, paymentsWithoutSplit } from './dividend-run.ts';
import { minorUnitScale } from './dividend-scale.ts';
import type { Finding } from './finding.ts';
import { quotient, times } from './scale.ts';
import { actionSubject, daysBetween, type RuleAction, type Series } from './series.ts';

/** How rare a fault is: by so much the witnesses must prefer another amount. */
const cost = { minorUnit: 3, split: 4, unit: 8 } as const;

/** What it costs an amount that the vendor's own adjusted close contradicts. */
const contradicted = 3;

/** By so much a finding must win to be wrong and not in doubt. */
const clearly = 2;

/** So little must an amount fit the payer's habit to be proposed for one that is impossible. */
const leastFit = -2.5;

/** Within a factor of three of the habit an amount is an ordinary one. */
const ordinary = Math.log(3);

/** From so large a payment on the price counts alone, also where the vendor takes off another amount. */
const leastAnother = 0.1;
/** So much must the price alone speak against a payment of so much, and against one that is ten times the others … */
const [unseenAlone, leastAlone, unseenTenfold] = [3.5, 0.03, 2.5];
/** … and against one out of its payer's turn. Of one that is told with the amount of its neighbour it need not speak for it. */
const unseenOutOfTurn = { alike: 1, equal: -0.5 } as const;

/** Two payments nearer than this, of a payer who pays far less often, are one told twice. */
const twiceDays = 17;

export function checkDividends(series: Series, events: readonly DividendEvent[], adjustments: Adjustments): Finding[] {
  const { actions, currency } = series;
  const found: Finding[] = actions
    .filter((action) => action.type !== 'split' && action.currency !== null && action.currency !== currency)
    .map((action) => ({
      rule: 'dividends',
      severity: 'info',
      subject: actionSubject(action),
      evidence: { code: 'dividend_currency', currency: action.currency ?? '', expected: currency },
      proposal: null,
    }));
  const twice = toldTwice(series, events, adjustments);
  found.push(...twice.values());
  const factors = minorUnitScale(series, events, adjustments);
  const withoutSplit = paymentsWithoutSplit(series, events);
  const outOfTurn = paymentsOutOfTurn(events.filter((event) => !twice.has(event.action)));
  for (const [index, event] of events.entries()) {
    if (twice.has(event.action)) continue;
    const { noise } = adjustments;
    const finding =
      unitOf(series, events, index, factors, noise) ??
      tenfold(events, index) ??
      notPaid(event, noise, outOfTurn.get(event)) ??
      gainWithin(series, event, noise) ??
      outOfRun(series, events, index, withoutSplit.get(event));
    if (finding) found.push(finding);
  }
  return found;
}

/** An amount that does not fit the steady payments around it. Payers do such things, too: it is in doubt. */
function outOfRun(
  series: Series,
  events: readonly DividendEvent[],
  index: number,
  split: number | undefined,
): Finding | null {
  const event = events[index];
  if (!event) return null;
  const candidates = candidatesOf(series, event);
  const factor =
    split ??
    factorOutOfLine(
      events,
      index,
      candidates.map(({ value }) => value),
    );
  const best = candidates.find(({ value }) => value === factor);
  if (!best) return null;
  return {
    rule: 'dividends',
    severity: 'doubt',
    subject: actionSubject(event.action),
    evidence: {
      code: 'dividend_unit',
      factor: best.value,
      amount: round(event.told),
      fall: round(event.fall),
      adjusted: event.adjusted === null ? null : round(event.adjusted),
    },
    proposal: { field: 'amount', from: event.action.value, to: best.amount, why: best.why },
  };
}

/**
 * A point that has slipped: ten times what the steady payments around it are, of which the price shows nothing. The vendor
 * took off what it says, so only the price can speak.
 */
function tenfold(events: readonly DividendEvent[], index: number): Finding | null {
  const event = events[index];
  if (!event || factorOutOfLine(events, index, [0.1]) === null) return null;
  if (fallFits(event, event.told / 10) - fallFits(event, event.told) < unseenTenfold) return null;
  const { told, fall, adjusted, action } = event;
  const figures = { amount: round(told), fall: round(fall), adjusted: adjusted === null ? null : round(adjusted) };
  return {
    rule: 'dividends',
    severity: 'doubt',
    subject: actionSubject(action),
    evidence: { code: 'dividend_unit', factor: 0.1, ...figures },
    proposal: { field: 'amount', from: action.value, to: times(action.value, '0.1'), why: 'unit' },
  };
}

interface Candidate {
  readonly value: number;
  readonly cost: number;
  readonly amount: string;
  readonly why: 'unit' | 'split';
}

/** That another amount fits the witnesses better. */
function unitOf(
  series: Series,
  events: readonly DividendEvent[],
  index: number,
  factors: readonly number[],
  noise: number,
): Finding | null {
  const event = events[index];
  if (!event) return null;
  const habit = habitOf(events, index, factors);
  if (isOrdinary(event, habit, noise)) return null;
  const { adjusted, total, told } = event;
  // A vendor adjusts by the amount that it gives: that both agree says nothing of the amount.
  const denied = adjusted !== null && !isSame(adjusted, total, noise);
  const fits = (factor: number) => {
    const amount = told * factor;
    const contradiction = denied && !isSame(adjusted, total - told + amount, noise) ? contradicted : 0;
    return fallFits(event, amount) + habitFits(habit, amount) - contradiction - (amount >= 1 ? 20 : 0);
  };
  const asTold = fits(1);
  const ranked = candidatesOf(series, event)
    .map((candidate) => ({ ...candidate, gain: fits(candidate.value) - candidate.cost - asTold }))
    .sort((a, b) => b.gain - a.gain);
  const best = ranked[0];
  const impossible = told >= 1;
  const wins = best !== undefined && best.gain > 0 && isTestable(series, event, best, habit, noise);
  if (!wins && !impossible) return null;
  const figures = {
    amount: round(event.told),
    fall: round(event.fall),
    adjusted: event.adjusted === null ? null : round(event.adjusted),
  };
  const proposal =
    wins && best ? { field: 'amount' as const, from: event.action.value, to: best.amount, why: best.why } : null;
  return {
    rule: 'dividends',
    severity: impossible || (best && best.gain >= clearly) ? 'wrong' : 'doubt',
    subject: actionSubject(event.action),
    evidence:
      wins && best
        ? { code: 'dividend_unit', factor: best.value, ...figures }
        : { code: 'dividend_exceeds_price', amount: figures.amount },
    proposal,
  };
}

/** Nothing speaks against an amount: the vendor took it off, it is about what the payer pays, and no large part of the price. */
function isOrdinary({ told, total, adjusted, fall, usual }: DividendEvent, habit: Habit, noise: number): boolean {
  const agreed = adjusted === null || isSame(adjusted, total, noise);
  return agreed && Math.abs(Math.log(told) - habit.centre) < ordinary && told < Math.max(fall, 0) + 3 * usual;
}

function candidatesOf(series: Series, { action }: DividendEvent): Candidate[] {
  const unit = String(series.minorFactor > 1 ? series.minorFactor : 100);
  const price = series.minorFactor > 1 ? cost.minorUnit : cost.unit;
  return [
    { value: Number(unit), amount: times(action.value, unit), cost: price, why: 'unit' },
    { value: 1 / Number(unit), amount: quotient(action.value, unit), cost: price, why: 'unit' },
    ...splitFactors(series, action.exDate).map(({ text, value }): Candidate => {
      const amount = text.startsWith('/') ? quotient(action.value, text.slice(1)) : times(action.value, text);
      return { value, amount: new Decimal(amount).toSignificantDigits(15).toFixed(), cost: cost.split, why: 'split' };
    }),
  ];
}

/**
 * Whether more than the payer's habit speaks for another amount. In a listing that is quoted in a minor unit, a
 * hundredfold is an everyday mistake; elsewhere the adjusted close or the fall must contradict the amount.
 */
function isTestable(series: Series, event: DividendEvent, best: Candidate, habit: Habit, noise: number): boolean {
  if (series.minorFactor > 1 && best.why === 'unit') return true;
  const { adjusted, told, total } = event;
  if (told >= 1 && habitFits(habit, told * best.value) > leastFit) return true;
  if (adjusted !== null && isSame(adjusted, total - told + told * best.value, noise) && !isSame(adjusted, total, noise))
    return true;
  // A price may fall for other reasons than a dividend that is larger than told.
  if (told >= 1) return false;
  return best.value < 1 && fallFits(event, told * best.value) - fallFits(event, told) >= 2.5;
}

/** A payment that neither the price nor the vendor's adjusted close shows, or out of turn and not shown by the price. */
function notPaid(event: DividendEvent, noise: number, outOfTurn?: 'alike' | 'equal'): Finding | null {
  const { told, adjusted, fall, total } = event;
  const unseen = fallFits(event, 0) - fallFits(event, told);
  const denied = adjusted !== null && isSame(adjusted, total - told, noise);
  // Something else was paid where the vendor takes off another amount: `adjustment_differs` says so.
  const another = adjusted !== null && !denied && !isSame(adjusted, total, noise);
  // A price that does not fall is hardly enough alone: some rise by as much that day.
  const alone = outOfTurn ? unseen >= unseenOutOfTurn[outOfTurn] : unseen >= unseenAlone && told >= leastAlone;
  if (!(denied ? unseen >= 3 : alone && !(another && told < leastAnother))) return null;
  return {
    rule: 'dividends',
    severity: denied ? 'wrong' : 'doubt',
    subject: actionSubject(event.action),
    evidence: {
      code: 'dividend_not_seen',
      amount: round(told),
      fall: round(fall),
      adjusted: adjusted === null ? null : round(adjusted),
    },
    proposal: denied ? { field: 'row', from: event.action.value, to: null, why: 'not_paid' } : null,
  };
}

/** A capital gain that the dividend of its day holds already, and that the vendor has taken off once more. */
function gainWithin(series: Series, event: DividendEvent, noise: number): Finding | null {
  const { adjusted, total, gains } = event;
  if (gains === 0 || adjusted === null || !isSame(adjusted, total + gains, noise) || isSame(adjusted, total, noise))
    return null;
  if (fallFits(event, total) - fallFits(event, total + gains) < 0.5) return null;
  const gain = series.actions.find((action) => action.type === 'capital_gain' && action.exDate === event.action.exDate);
  return gain
    ? {
        rule: 'dividends',
        severity: 'wrong',
        subject: actionSubject(gain),
        evidence: { code: 'gain_within_dividend', amount: round(gains), fall: round(event.fall) },
        proposal: { field: 'row', from: gain.value, to: null, why: 'within_dividend' },
      }
    : null;
}

/** Payments that stand under two dates. */
function toldTwice(series: Series, events: readonly DividendEvent[], { noise }: Adjustments): Map<RuleAction, Finding> {
  const found = new Map<RuleAction, Finding>();
  const cadence = cadenceOf(series, events);
  for (let index = 1; index < events.length; index++) {
    const [first, second] = [events[index - 1], events[index]];
    if (!first || !second || found.has(first.action)) continue;
    const apart = daysBetween(first.action.exDate, second.action.exDate);
    if (apart === 0 || apart > twiceDays || cadence < 4 * apart) continue;
    const [seen, other] = [seenOf(first, noise), seenOf(second, noise)];
    const equal = Math.abs(Math.log(first.told / second.told)) <= 0.1;
    const [unpaid, paid] = other <= seen ? [second, first] : [first, second];
    const [least, most] = [Math.min(seen, other), Math.max(seen, other)];
    // Two that both show are a regular payment and a special one.
    if (least > 2 || (!equal && least > -3)) continue;
    const clear = most - least >= 1.5;
    found.set(unpaid.action, {
      rule: 'dividends',
      severity: clear ? 'wrong' : 'doubt',
      subject: actionSubject(unpaid.action),
      evidence: {
        code: 'dividend_twice',
        exDate: paid.action.exDate,
        fall: round(unpaid.fall),
        other: round(paid.fall),
      },
      proposal: { field: 'row', from: unpaid.action.value, to: null, why: 'told_twice' },
    });
  }
  return found;
}

/** How much the witnesses speak for a payment, against none. */
function seenOf(event: DividendEvent, noise: number): number {
  const { adjusted, total, told } = event;
  const said = adjusted === null ? 0 : isSame(adjusted, total - told, noise) ? -contradicted : 0;
  return fallFits(event, told) - fallFits(event, 0) + said;
}

function round(share: number): number {
  return Number(share.toPrecision(4));
}
