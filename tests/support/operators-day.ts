import type { Cause } from '../../core/contracts/words/causes.ts';
import type { FaultName } from '../../localstack/upstreams/control.ts';
import { ruleOfFault } from './diagnosis-score/cases.ts';
import { type SickFault, sickFaults } from './faults.ts';

/** A fault of the day, and what a person must read of it. */
export interface DayFault extends SickFault {
  readonly cause: Cause;
  /** Of the report. */
  readonly rule: string;
}

const day: readonly (readonly [source: string, fault: FaultName, cause: Cause])[] = [
  ['yahoo', 'unit', 'wrong_unit'],
  ['coingecko', '429', 'too_many_requests'],
  ['alpha-vantage', 'quota', 'quota_used_up'],
  ['demo-broker', 'expired', 'session_ended'],
  ['slickcharts', 'layout', 'format_changed'],
  // From here on only of the whole day.
  ['yahoo', '500', 'down'],
  ['yahoo', 'stale', 'stale'],
  ['yahoo', 'maintenance', 'maintenance'],
  ['coingecko', 'hang', 'timeout'],
  ['coingecko', 'malformed', 'answer_cut_off'],
  ['slickcharts', 'drift', 'format_changed'],
  ['slickcharts', 'turnover', 'members_changed'],
  ['slickcharts', '403', 'blocked'],
  ['demo-broker', 'refused', 'credentials_refused'],
  ['demo-broker', 'loading', 'page_never_fills'],
];
/** Of `npm test`. */
const shortDay = 5;

/** The faults of an operator's day, in turn; the first of them unless the whole day is wanted. */
export function faultsOfTheDay(whole: boolean): DayFault[] {
  return day.slice(0, whole ? day.length : shortDay).map(([source, fault, cause]) => {
    const sick = sickFaults.find((each) => each.source === source && each.fault === fault);
    if (sick === undefined) throw new Error(`The fault ${fault} of ${source} makes no run fail.`);
    return { ...sick, cause, rule: ruleOfFault(source, fault) };
  });
}

/** What was said in the course of the day, as a person reads it. */
export class Transcript {
  readonly #lines: string[] = [];

  heading(text: string): void {
    this.#lines.push('', `== ${new Date().toISOString().slice(11, 19)} ${text} ==`);
  }

  said(what: string, text: string): void {
    this.#lines.push('', `> ${what}`, text.trimEnd());
  }

  text(): string {
    return `${this.#lines.join('\n').trimStart()}\n`;
  }
}
