import type { Complaint } from '../complaints.ts';
import { accessRules } from './access-rules.ts';
import { answerRules } from './answer-rules.ts';
import { priceRules } from './price-rules.ts';
import { reachRules } from './reach-rules.ts';
import { readAnswer, recoverSource, type SourceRule, say } from './source-rule.ts';

/** All causes. Within a reason, in order: the particular before the general. */
export const sourceRules: readonly SourceRule[] = [...accessRules, ...answerRules, ...priceRules, ...reachRules];

/** What is told when no rule's evidence is there. */
export const unexplained: SourceRule = {
  id: 'unexplained',
  short: 'unexplained',
  reasons: [],
  cause: ({ reason }) =>
    `unexplained. The evidence does not say why; no rule fits ${reason === 'unexplained' ? 'it' : `the reason ${reason}`}.`,
  advice: (complaint) => [
    ...(complaint.samples.some(({ blobKey }) => blobKey !== null) ? [readAnswer(complaint)] : []),
    ...(complaint.samples.some(({ artifacts }) => artifacts.length > 0)
      ? [say('See what the page looked like: the pictures are named below.')]
      : []),
    recoverSource(complaint),
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
