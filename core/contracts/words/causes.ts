import type { FailureDetail } from './failure-details.ts';
import { isLoginState } from './login-states.ts';
import type { QuarantineReason } from './quarantine-reasons.ts';
import type { RunReason } from './run-reasons.ts';

/**
 * What a failure means to a person: one cause for each event, the same in the source's card, its incidents, the command
 * line and the report. The reason says which kind of failure it is, the cause what is to be thought and done.
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
  'unexplained',
] as const;
export type Cause = (typeof causes)[number];

export const causeMeanings: Readonly<Record<Cause, string>> = {
  on_hold: 'The source asked for a pause. Requests resume by themselves when it is over.',
  too_many_requests: 'The source answered that it gets too many requests. Requests pause, and resume by themselves.',
  own_minute_used: 'Our own quota of the minute is used up. Runs resume with the next minute.',
  own_day_used: 'Our own quota of the day is used up. Runs resume at midnight UTC.',
  quota_used_up: 'The source says that the quota is used up. Runs resume when it resets.',
  blocked: 'The source refuses requests from this address or demands a CAPTCHA.',
  session_ended:
    'The session is no longer accepted. The next run makes a new one; if that fails too, set the credentials again.',
  credentials_refused: 'The source refuses the credentials. Set new ones.',
  login_on_hold: 'The login needs a person, or is not possible for some time. None is made before.',
  answer_cut_off: 'The answers end in the middle. The format need not have changed.',
  not_data: 'The source sent a page or a file in place of data.',
  list_incomplete: 'The list of members is not whole. The last whole one is served.',
  members_changed:
    'The members differ from the last list as those of no index change. The last list is served until a person accepts this one.',
  format_changed: 'The answer no longer has the format the parser expects. The parser needs a change.',
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
  unexplained: 'The evidence does not say why. The run shows the answers.',
};

const cutOff: ReadonlySet<string> = new Set(['invalid_json', 'corrupt_body', 'answer_cut_off']);
const listCodes: ReadonlySet<string> = new Set(['member_count', 'weights_sum', 'table_incomplete']);
const credentialCodes: ReadonlySet<string> = new Set(['credentials_unset', 'credentials_refused', 'login_refused']);

/** The cause of a failure: its reason, and what exactly it was. `null` where nothing failed. */
export function causeOf(reason: RunReason | null, detail: FailureDetail | null): Cause | null {
  if (reason === null) return null;
  const code = detail?.code ?? 'unspecified';
  switch (reason) {
    case 'rate_limited':
      if (code === 'unknown_notice') return 'unexplained';
      return code === 'held' ? 'on_hold' : 'too_many_requests';
    case 'quota_exhausted':
      if (code === 'minute_quota') return 'own_minute_used';
      return code === 'day_quota' ? 'own_day_used' : 'quota_used_up';
    case 'auth_expired':
      if (isLoginState(code)) return 'login_on_hold';
      return credentialCodes.has(code) ? 'credentials_refused' : 'session_ended';
    case 'schema_drift':
      if (cutOff.has(code)) return 'answer_cut_off';
      if (code === 'page_in_place_of_data' || code === 'download') return 'not_data';
      if (code === 'table_unfilled') return 'page_never_fills';
      if (code === 'members_changed') return 'members_changed';
      if (listCodes.has(code)) return 'list_incomplete';
      if (detail?.code === 'all_rows_rejected') return ofRows(detail.reasons);
      return code === 'rows_rejected' ? 'rows_held_back' : 'format_changed';
    case 'bad_request':
      return code === 'unknown_error' ? 'unexplained' : 'bad_request';
    case 'down':
      if (code === 'maintenance') return 'maintenance';
      return code === 'still_loading' ? 'page_never_fills' : 'down';
    default:
      return reason;
  }
}

/** Why an answer failed of which every row was held back, or stored and not served. */
function ofRows(reasons: readonly QuarantineReason[]): Cause {
  if (reasons.length === 0) return 'rows_held_back';
  if (reasons.every((reason) => reason === 'unit_suspect')) return 'wrong_unit';
  if (reasons.every((reason) => reason === 'schema')) return 'format_changed';
  const prices: readonly QuarantineReason[] = ['unit_suspect', 'implausible_jump', 'non_positive'];
  return reasons.every((reason) => prices.includes(reason)) ? 'wrong_prices' : 'rows_held_back';
}
