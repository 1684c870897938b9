/** Evidence that several rules need. */

import { type Cause, causeOf } from '../../contracts/words/causes.ts';
import type { FailureDetail } from '../../contracts/words/failure-details.ts';
import type { RunReason } from '../../contracts/words/run-reasons.ts';
import type { Complaint } from '../complaints.ts';

/** Of a limit: from this share on Quotron itself used it up. */
export const heavyUse = 0.8;

/** The most that was used in any minute of the last hour, as a share of the limit. */
export const minuteUse = ({ source }: Complaint) => source.quota.minute.used / source.quota.minute.limit;

export const dayUse = ({ source }: Complaint) => source.quota.day.used / source.quota.day.limit;

/** Whether it hits everything that was requested: every symbol, or every task. */
export const hitsAll = ({ symbols, goodSince }: Complaint) =>
  goodSince === 0 || (symbols.asked > 0 && symbols.hit >= symbols.asked);

/** Whether every sample has one of these codes. */
export function allSay(...codes: readonly FailureDetail['code'][]): (complaint: Complaint) => boolean {
  const wanted: ReadonlySet<string> = new Set(codes);
  return ({ samples }) => samples.length > 0 && samples.every(({ detail }) => isOne(detail, wanted));
}

function isOne(failure: FailureDetail | null, codes: ReadonlySet<string>): boolean {
  return failure !== null && codes.has(failure.code);
}
/** Whether a reason with what every sample says has this one cause. */
export const allAreOf = ({ samples }: Complaint, reason: RunReason, cause: Cause) =>
  samples.length > 0 && samples.every((sample) => [causeOf(reason, sample.detail)].includes(cause));
