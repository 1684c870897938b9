import type { Complaint } from '../complaints.ts';
import { look, recover, say, seePictures } from './advice.ts';
import type { SourceRule } from './rule.ts';
import { availabilityRules } from './sources/availability.ts';
import { formatRules } from './sources/formats.ts';
import { limitRules } from './sources/limits.ts';
import { priceRules } from './sources/prices.ts';
import { requestRules } from './sources/requests.ts';
import { sessionRules } from './sources/sessions.ts';

/** Of the rules on one reason the first whose evidence is there counts: the particular before the general. */
export const sourceRules: readonly SourceRule[] = [
  ...sessionRules,
  ...limitRules,
  ...formatRules,
  ...priceRules,
  ...requestRules,
  ...availabilityRules,
];

/** The finding where no rule's evidence is there. */
export const unexplained: SourceRule = {
  id: 'unexplained',
  short: 'unexplained',
  reasons: [],
  cause: ({ reason }) =>
    `unexplained. The evidence does not say why; no rule fits ${reason === 'unexplained' ? 'it' : `the reason ${reason}`}.`,
  advice: (complaint) => [
    ...(complaint.samples.some(({ blobKey }) => blobKey !== null) ? [look(complaint)] : []),
    ...[seePictures(complaint)].flatMap((step) => step ?? []),
    recover(complaint),
    say('If it stays, report it with this report and the raw answer.'),
  ],
  weight: 60,
};

/** The rule that explains a complaint: the first whose evidence is there, or `unexplained`. */
export function ruleFor(complaint: Complaint): SourceRule {
  return (
    sourceRules.find((rule) => rule.reasons.includes(complaint.reason) && (rule.needs?.(complaint) ?? true)) ??
    unexplained
  );
}
