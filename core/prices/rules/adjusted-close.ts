/**
 * The vendor's own adjusted close, as a witness that contradicts itself: it takes off another amount on an ex-date than
 * the dividend beside it, none at all, or something on a day without any. The prices and dividends stand; adjusted
 * prices are computed from them and never taken from the vendor.
 */

import { type Adjustments, type DividendEvent, fallFits, isSame } from './dividend-events.ts';
import type { Finding } from './finding.ts';
import { actionSubject, barSubject, exRow, rowsOfTenSessions, type Series } from './series.ts';

/** What an adjusted close must take off on a day without a dividend to be noticed. */
const leastUnexplained = 0.002;

/** `judged` are actions that a rule has found a fault in: what contradicts them is explained. */
export function checkAdjustedClose(
  series: Series,
  events: readonly DividendEvent[],
  adjustments: Adjustments,
  judged: ReadonlySet<string>,
): Finding[] {
  const { rows, actions, interval } = series;
  const { at, noise } = adjustments;
  const found: Finding[] = [];
  const onEvents = new Set(actions.filter(({ type }) => type !== 'split').map(({ exDate }) => exRow(series, exDate)));
  const strange = rows.flatMap((_, index) => {
    const taken = at[index] ?? Number.NaN;
    return !onEvents.has(index) && Math.abs(taken) > Math.max(5 * noise, leastUnexplained) ? [index] : [];
  });
  const claimed = new Set<number>();
  for (const event of events) {
    const { adjusted, total, gains, fall, action } = event;
    if (adjusted === null || isSame(adjusted, total, noise) || isSame(adjusted, total + gains, noise)) continue;
    if (judged.has(action.exDate)) continue;
    const other = strange.find(
      (index) =>
        Math.abs(index - event.index) <= rowsOfTenSessions(interval) &&
        isSame(at[index] ?? 0, (total * event.closeBefore) / (rows[index - 1]?.close ?? event.closeBefore), noise),
    );
    const otherDate = other === undefined ? null : rows[other]?.bar.date;
    if (other !== undefined && otherDate && isSame(adjusted, 0, noise)) {
      claimed.add(other);
      found.push({
        rule: 'dividends',
        severity: 'doubt',
        subject: actionSubject(action),
        evidence: { code: 'dividend_redated', exDate: otherDate },
        proposal: { field: 'ex_date', from: action.exDate, to: otherDate, why: 'adjusted_close' },
      });
      continue;
    }
    const supported = fallFits(event, total) - fallFits(event, Math.max(0, Math.min(0.99, adjusted))) >= 2;
    found.push({
      rule: 'adjusted_close',
      severity: supported ? 'info' : 'doubt',
      subject: actionSubject(action),
      evidence: { code: 'adjustment_differs', amount: round(total), adjusted: round(adjusted), fall: round(fall) },
      proposal: null,
    });
  }
  for (const index of strange) {
    const row = rows[index];
    if (!row || claimed.has(index)) continue;
    found.push({
      rule: 'adjusted_close',
      severity: 'doubt',
      subject: barSubject(row),
      evidence: { code: 'adjustment_unexplained', adjusted: round(at[index] ?? 0) },
      proposal: null,
    });
  }
  return found;
}

function round(share: number): number {
  return Number(share.toPrecision(4));
}
