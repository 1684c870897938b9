import { causeOf } from '../contracts/words/causes.ts';
import type { TaskFact } from './facts.ts';

/** Answers of a source that is down: each says something else of it. */
const downAnswers: ReadonlySet<string> = new Set([
  'maintenance',
  'waiting_room',
  'error_page',
  'page_not_found',
  'host_parked',
  'still_loading',
  'no_prices_notice',
  'answer_cut_off',
]);

/**
 * What tells failures of one reason apart: those of one kind have one cause. `null` where it is not known, of a release
 * before there were codes.
 */
export function failureKind({ reason, detail, attempted }: TaskFact): string | null {
  const code = detail?.code ?? 'unspecified';
  if (reason === 'timeout') return attempted ? 'slow' : 'no_outcome';
  if (code === 'unspecified') return null;
  switch (reason) {
    case 'down':
      if (code === 'http_status') return 'answered';
      return downAnswers.has(code) ? code : 'unanswered';
    case 'schema_drift':
    case 'implausible':
    case 'quota_exhausted':
      // A hold belongs to the answer that asked for it.
      return code === 'held' ? null : (causeOf(reason, detail) ?? '');
    case 'rate_limited':
      if (code === 'held') return null;
      return code === 'unknown_notice' ? code : '';
    case 'bad_request':
      return code === 'blocked_address' || code === 'unknown_error' ? code : '';
    case 'unexplained':
      return JSON.stringify(detail);
    default:
      return '';
  }
}
