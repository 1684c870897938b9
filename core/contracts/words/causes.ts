import type { FailureDetail } from './failure-details.ts';
import { isLoginState } from './login-states.ts';
import type { QuarantineReason } from './quarantine-reasons.ts';
import type { RunReason } from './run-reasons.ts';

/**
 * What a failure means to a person: one cause for each event, the same in the headline, the source's card, its incidents,
 * the command line and the report. The reason says which kind of failure it is, the cause what is to be thought and done.
 */
export const causes = [
  'on_hold',
  'too_many_requests',
  'own_minute_used',
  'own_day_used',
  'quota_used_up',
  'blocked',
  'session_ended',
  'credentials_refused',
  'login_on_hold',
  'answer_cut_off',
  'not_data',
  'list_incomplete',
  'members_changed',
  'format_changed',
  'some_unreadable',
  'wrong_unit',
  'wrong_prices',
  'rows_held_back',
  'not_found',
  'no_data',
  'stale',
  'timeout',
  'maintenance',
  'page_never_fills',
  'down',
  'bad_request',
  'not_sent',
  'too_large',
  'slow',
  'no_outcome',
  'parser_fails',
  'browser_fails',
  'unsteady',
  'on_the_mend',
  'unexplained',
] as const;
export type Cause = (typeof causes)[number];

/** In a few words, for headlines, tables and badges. */
export const causeWords: Readonly<Record<Cause, string>> = {
  on_hold: 'on hold, as it asked',
  too_many_requests: 'rate limited',
  own_minute_used: 'our quota of the minute used up',
  own_day_used: 'our quota of the day used up',
  quota_used_up: 'quota used up',
  blocked: 'blocked',
  session_ended: 'session ended',
  credentials_refused: 'credentials refused',
  login_on_hold: 'login on hold',
  answer_cut_off: 'answers cut off',
  not_data: 'no data in the answers',
  list_incomplete: 'list not whole',
  members_changed: 'members changed',
  format_changed: 'format changed',
  some_unreadable: 'some rows unreadable',
  wrong_unit: 'wrong unit',
  wrong_prices: 'wrong prices',
  rows_held_back: 'rows held back',
  not_found: 'not found',
  no_data: 'no data',
  stale: 'stale',
  timeout: 'timeout',
  maintenance: 'maintenance',
  page_never_fills: 'page never fills',
  down: 'down',
  bad_request: 'requests refused',
  not_sent: 'not sent',
  too_large: 'answer too large',
  slow: 'slow',
  no_outcome: 'no outcome',
  parser_fails: 'parser fails',
  browser_fails: 'browser does not start',
  unsteady: 'fails again and again',
  on_the_mend: 'works again',
  unexplained: 'unexplained',
};

/** Why something failed, in a few words; `null` where nothing did. */
export function whyInWords({ cause, reason }: { readonly cause: Cause | null; readonly reason: RunReason | null }) {
  if (cause !== null) return causeWords[cause];
  return reason === null ? null : reason.replaceAll('_', ' ');
}

/** The same of a failure as it is known inside. */
export function whyOf({
  reason,
  detail,
}: {
  readonly reason: RunReason;
  readonly detail: FailureDetail | null;
}): string {
  return causeWords[causeOf(reason, detail) ?? 'unexplained'];
}

/** In sentences. */
export const causeMeanings: Readonly<Record<Cause, string>> = {
  on_hold: 'The source asked for a pause. Requests resume by themselves when it is over.',
  too_many_requests: 'The source answered that it gets too many requests. Requests pause, and resume by themselves.',
  own_minute_used: 'Our own quota of the minute is used up. Runs resume with the next minute.',
  own_day_used: 'Our own quota of the day is used up. Runs resume at midnight UTC.',
  quota_used_up: 'The source says that the quota is used up. Runs resume when it resets.',
  blocked: 'The source refuses requests from this address or demands a CAPTCHA.',
  session_ended:
    'The session is no longer accepted. Runs make a new one by themselves. Where that has failed as well, recover the source, and set its credentials again where it has any.',
  credentials_refused: 'The source refuses the credentials. Set new ones.',
  login_on_hold: 'The login needs a person, or is not possible for some time. None is made before.',
  answer_cut_off: 'The answers end in the middle. The format need not have changed.',
  not_data: 'The source sent a page or a file in place of data.',
  list_incomplete: 'The list of members is not whole. The last whole one is served.',
  members_changed:
    'The members differ from the last list as those of no index change. The last list is served until a person accepts this one.',
  format_changed: 'The answer no longer has the format the parser expects. The parser needs a change.',
  some_unreadable: 'Some rows do not have the format the parser expects and are not served; the others are.',
  wrong_unit:
    'The prices are in another unit than before (pence for pounds, say). They are not served; the price of before is.',
  wrong_prices: 'The prices cannot be right: they jump, or are not possible. They are not served.',
  rows_held_back: 'Rows failed a check and are not served. Each says why.',
  not_found: 'The source does not know what was requested.',
  no_data: 'The source answered, but without data.',
  stale: 'The data are older than the exchange’s calendar expects.',
  timeout: 'The source took too long to answer.',
  maintenance: 'The source says that it is closed for maintenance. It is tried again by itself.',
  page_never_fills:
    'The page comes, and its rows never do. What the page asks for its data fails, or it works in another way now.',
  down: 'The source does not answer, or answers with an error of its own.',
  bad_request: 'The source rejected the request.',
  not_sent: 'Quotron did not send the request: its address is not one of the source’s.',
  too_large: 'The answer is longer than any answer of the source may be.',
  slow: 'The source answers far slower than it used to.',
  no_outcome:
    'Nothing came of a task: a worker, a queue or the ingest stands still, or its answer was lost. That is not the source’s fault.',
  parser_fails: 'The parser failed on the answer, or came to no end: a mistake in Quotron, not in the source.',
  browser_fails: 'No browser could be started on Quotron’s machine. That is not the source’s fault.',
  unsteady: 'The source fails again and again, and works in between.',
  on_the_mend: 'The source works again. Its incident ends once it has gone on doing so.',
  unexplained: 'The evidence does not say why. The run shows the answers.',
};

const cutOff: ReadonlySet<string> = new Set(['invalid_json', 'corrupt_body', 'answer_cut_off']);
const listCodes: ReadonlySet<string> = new Set(['member_count', 'weights_sum', 'table_incomplete']);
const credentialCodes: ReadonlySet<string> = new Set(['credentials_unset', 'credentials_refused', 'login_refused']);

/** Codes that are the cause whatever the reason: they say how a source does, and the reason only what it failed of. */
const byCode: ReadonlyMap<string, Cause> = new Map([
  ['slow_answers', 'slow'],
  ['unsteady', 'unsteady'],
  ['recently_failed', 'on_the_mend'],
  ['blocked_address', 'not_sent'],
  ['too_large', 'too_large'],
  ['no_outcome', 'no_outcome'],
  ['attempt_lost', 'no_outcome'],
  ['blob_missing', 'no_outcome'],
  ['blob_damaged', 'no_outcome'],
  ['parser_failed', 'parser_fails'],
  ['parser_too_slow', 'parser_fails'],
  ['no_browser', 'browser_fails'],
  ['no_room', 'browser_fails'],
  ['browser_failed', 'browser_fails'],
]);

/** The cause of a failure: its reason, and what exactly it was. `null` where nothing failed. */
export function causeOf(reason: RunReason | null, detail: FailureDetail | null): Cause | null {
  const known = byCode.get(detail?.code ?? 'unspecified');
  if (known !== undefined) return known;
  if (reason === null) return null;
  const code = detail?.code ?? 'unspecified';
  switch (reason) {
    case 'rate_limited':
      if (code === 'unknown_notice') return 'unexplained';
      return detail?.code === 'held' && detail.asked !== true ? 'on_hold' : 'too_many_requests';
    case 'quota_exhausted':
      if (code === 'minute_quota') return 'own_minute_used';
      return code === 'day_quota' ? 'own_day_used' : 'quota_used_up';
    case 'auth_expired':
      if (isLoginState(code)) return 'login_on_hold';
      return credentialCodes.has(code) ? 'credentials_refused' : 'session_ended';
    case 'schema_drift':
    case 'implausible':
      if (cutOff.has(code)) return 'answer_cut_off';
      if (code === 'page_in_place_of_data' || code === 'download') return 'not_data';
      if (code === 'table_unfilled') return 'page_never_fills';
      if (code === 'members_changed') return 'members_changed';
      if (listCodes.has(code)) return 'list_incomplete';
      return ofRows(detail) ?? (reason === 'implausible' ? 'rows_held_back' : 'format_changed');
    case 'bad_request':
      return code === 'unknown_error' ? 'unexplained' : 'bad_request';
    case 'down':
      if (code === 'maintenance') return 'maintenance';
      return code === 'still_loading' ? 'page_never_fills' : 'down';
    default:
      return reason;
  }
}

/** The cause of rows that are not served for a reason. `all`: none of the answers of their job can be read. */
export function causeOfRows(reason: QuarantineReason, all: boolean): Cause {
  return (
    ofRows({ code: all ? 'all_rows_rejected' : 'rows_rejected', job: '', rejected: 0, rows: 0, reasons: [reason] }) ??
    'rows_held_back'
  );
}

/** Why rows of an answer are not served; `null` for what is no failure of rows. */
function ofRows(detail: FailureDetail | null): Cause | null {
  if (detail?.code !== 'all_rows_rejected' && detail?.code !== 'rows_rejected') return null;
  const reasons = detail.reasons ?? [];
  const are = (...of: QuarantineReason[]) => reasons.length > 0 && reasons.every((reason) => of.includes(reason));
  if (are('schema')) return detail.code === 'rows_rejected' ? 'some_unreadable' : 'format_changed';
  if (are('unit_suspect')) return 'wrong_unit';
  return are('unit_suspect', 'implausible_jump', 'non_positive') ? 'wrong_prices' : 'rows_held_back';
}
