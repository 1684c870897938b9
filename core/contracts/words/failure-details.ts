import * as z from 'zod';
import { plainLoginStates } from './login-states.ts';
import { quarantineReasons } from './quarantine-reasons.ts';

/**
 * What exactly went wrong, for rules: a closed list of codes, some with data. A run's `reason` says which kind of failure
 * it is, the code says which one, and the message says the same to people. No rule reads a message. The meaning of each
 * code stands in docs/reasons.md, one line each.
 *
 * A new code is added here, to the table of docs/reasons.md, and where it is produced. Readers of what is stored or was
 * sent take a code that they do not know for `unspecified`: former and later releases run side by side for a while.
 */

/** Codes that carry no data. */
export const plainFailureCodes = [
  // The request and its answer.
  'timeout',
  'connection_failed',
  'answer_cut_off',
  'corrupt_body',
  'blocked_address',
  'too_large',
  'no_browser',
  'no_room',
  'browser_failed',
  'no_answer',
  'parser_failed',
  'parser_too_slow',
  // What the answer holds.
  'page_in_place_of_data',
  'invalid_json',
  'neither_result_nor_error',
  'unexpected_interval',
  'unknown_time_zone',
  'no_rows',
  'table_missing',
  'table_unfilled',
  'doubled_text',
  'login_page',
  'consent_page',
  'download',
  'maintenance',
  'waiting_room',
  'error_page',
  'still_loading',
  'page_not_found',
  'host_parked',
  // What the source says in words, inside an answer.
  'unknown_symbol',
  'request_refused',
  'rate_limit_notice',
  'day_quota_notice',
  'plan_excludes_request',
  'no_prices_notice',
  'unknown_notice',
  'unknown_error',
  // Signing in.
  'credentials_unset',
  'credentials_refused',
  'login_refused',
  'login_form_missing',
  'login_failed',
  'login_not_kept',
  'session_too_large',
  ...plainLoginStates,
  'foreign_redirect',
  'no_cookies',
  'consent_refused',
  'no_crumb',
  'session_refused',
  'renewal_stuck',
  // What Quotron itself does not do, or lost.
  'request_unsupported',
  'no_request',
  'no_outcome',
  'attempt_lost',
  'blob_missing',
  'blob_damaged',
  'backfill_cancelled',
  // Health.
  'not_run_yet',
  'runs_unplanned',
  'slow_answers',
  'recently_failed',
  // Recovery.
  'canary_symbol_unknown',
  'canary_brought_nothing',
  'canary_waits',
  'no_heartbeat',
  'proxy_paused',
  'source_removed',
  'recovery_abandoned',
  // What was stored before codes were, or by a later release.
  'unspecified',
] as const;
export type PlainFailureCode = (typeof plainFailureCodes)[number];

const count = z.int().nonnegative();
const instant = z.iso.datetime();
const shortText = z.string().max(200);
const names = z.array(shortText).max(20).readonly();
const rowReasons = z.array(z.enum(quarantineReasons)).readonly();

export const failureDetailSchema = z
  .discriminatedUnion('code', [
    z.object({ code: z.enum(plainFailureCodes) }),
    z.object({ code: z.literal('http_status'), status: z.int() }),
    z.object({ code: z.literal('bot_challenge'), wall: shortText.optional() }),
    z.object({ code: z.literal('schema_mismatch'), paths: names }),
    z.object({ code: z.literal('columns_missing'), columns: names }),
    z.object({ code: z.literal('too_many_redirects'), most: count }),
    // No login is made before `until`.
    z.object({ code: z.literal('too_many_logins'), until: instant }),
    z.object({ code: z.literal('page_too_complex'), exceeds: z.enum(['elements', 'depth']), most: count }),
    z.object({ code: z.literal('table_incomplete'), rows: count, of: count.optional() }),
    z.object({ code: z.literal('members_changed'), joined: count, left: count, unknown: count, of: count }),
    z.object({ code: z.literal('member_count'), members: count, least: count, most: count }),
    z.object({ code: z.literal('weights_sum'), percent: z.number() }),
    z.object({ code: z.literal('cached_page'), ageSeconds: z.number() }),
    z.object({ code: z.literal('old_page'), ageSeconds: z.number() }),
    z.object({ code: z.literal('prices_missing'), rows: count, of: count }),
    // Limits. `seconds` until it is worth another try, where that is known.
    z.object({ code: z.literal('minute_quota'), seconds: z.number().nonnegative().optional() }),
    z.object({ code: z.literal('day_quota'), seconds: z.number().nonnegative().optional() }),
    // `asked`: the answer that asked for the hold is known, and this refusal belongs to its event.
    z.object({ code: z.literal('held'), seconds: z.number().nonnegative(), asked: z.boolean().optional() }),
    // Rows. `reasons`: the most frequent first.
    z.object({ code: z.literal('all_rows_rejected'), rows: count, reasons: rowReasons }),
    // Of a success.
    z.object({ code: z.literal('some_rows_rejected'), rejected: count, rows: count, reasons: rowReasons }),
    z.object({ code: z.literal('all_rows_old'), rows: count }),
    // Health.
    z.object({ code: z.literal('listings_old'), job: shortText, old: count, listings: count }),
    z.object({
      code: z.literal('rows_rejected'),
      job: shortText,
      rejected: count,
      rows: count,
      reasons: rowReasons.optional(),
    }),
    z.object({ code: z.literal('unsteady'), job: shortText, bouts: count, tasks: count }),
    z.object({ code: z.literal('partly_old'), share: z.number() }),
    z.object({ code: z.literal('service_stopped'), service: shortText, since: instant }),
    // Recovery.
    z.object({ code: z.literal('canary_old'), newest: instant, expected: instant }),
    z.object({ code: z.literal('heartbeat_failed'), because: shortText }),
  ])
  .meta({ id: 'FailureDetail' });
export type FailureDetail = z.infer<typeof failureDetailSchema>;

/** Stands where there is no code that is known here. */
export const unspecified: FailureDetail = { code: 'unspecified' };

/** A detail that was stored or sent, maybe by another release: a missing or unknown one is `unspecified`. */
export const keptDetailSchema = failureDetailSchema.catch(unspecified);
