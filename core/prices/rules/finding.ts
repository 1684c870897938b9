import type {
  FindingEvidence,
  FindingProposal,
  FindingSeverity,
  FindingSubject,
  PriceRule,
} from '../../contracts/words/price-findings.ts';
import type { BarInterval } from '../../market/bar.ts';

/** The row that a finding is about, within one listing and source. */
export interface RowSubject {
  readonly kind: FindingSubject;
  /** Of a bar; `null` for quotes and actions. */
  readonly interval: BarInterval | null;
  /** The trading day of a bar, the ex-date of an action; `null` for intraday bars and quotes. */
  readonly date: string | null;
  /** The start of a bar, the market time of a quote, in milliseconds since the epoch; `null` for actions. */
  readonly at: number | null;
  /** Tells apart several actions of one kind on one day: the amount or ratio as it was given. `null` for other rows. */
  readonly said: string | null;
}

/**
 * What a rule says about a row. It never changes the row. There is at most one per rule and row.
 */
export interface Finding {
  readonly rule: PriceRule;
  readonly severity: FindingSeverity;
  readonly subject: RowSubject;
  readonly evidence: FindingEvidence;
  readonly proposal: FindingProposal | null;
}

/** A text that is the same for the same row and rule: what is unique while a finding is open. */
export function keyOf({ rule, subject }: Pick<Finding, 'rule' | 'subject'>): string {
  const { kind, interval, date, at, said } = subject;
  return [rule, kind, interval, date, at, said].join(' ');
}
