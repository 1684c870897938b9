import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { causeMeanings, causeOf, causes, causeWords } from '../../../core/contracts/words/causes.ts';
import type { FailureDetail } from '../../../core/contracts/words/failure-details.ts';
import { plainLoginStates } from '../../../core/contracts/words/login-states.ts';
import { runReasons } from '../../../core/contracts/words/run-reasons.ts';

const rejected = (...reasons: Extract<FailureDetail, { code: 'all_rows_rejected' }>['reasons'][number][]) => {
  return { code: 'all_rows_rejected', rows: 4, reasons } as const;
};

describe('the cause of a failure', () => {
  it.each<[Parameters<typeof causeOf>[0], FailureDetail | null, string]>([
    ['rate_limited', { code: 'http_status', status: 429 }, 'too_many_requests'],
    ['rate_limited', { code: 'held', seconds: 43_935 }, 'on_hold'],
    ['quota_exhausted', { code: 'held', seconds: 43_935 }, 'quota_used_up'],
    ['quota_exhausted', { code: 'day_quota_notice' }, 'quota_used_up'],
    ['quota_exhausted', { code: 'minute_quota' }, 'own_minute_used'],
    ['quota_exhausted', { code: 'day_quota' }, 'own_day_used'],
    ['auth_expired', { code: 'login_page' }, 'session_ended'],
    ['auth_expired', { code: 'session_refused' }, 'session_ended'],
    ['auth_expired', { code: 'login_refused' }, 'credentials_refused'],
    ['auth_expired', { code: 'credentials_refused' }, 'credentials_refused'],
    ['schema_drift', rejected('unit_suspect'), 'wrong_unit'],
    ['schema_drift', rejected('unit_suspect', 'implausible_jump'), 'wrong_prices'],
    ['schema_drift', rejected('unit_suspect', 'schema'), 'rows_held_back'],
    ['schema_drift', rejected('schema'), 'format_changed'],
    ['schema_drift', { code: 'rows_rejected', job: 'quotes', rejected: 2, rows: 4 }, 'rows_held_back'],
    ['schema_drift', { code: 'invalid_json' }, 'answer_cut_off'],
    ['schema_drift', { code: 'table_missing' }, 'format_changed'],
    ['schema_drift', null, 'format_changed'],
    ['implausible', rejected('unit_suspect'), 'wrong_unit'],
    ['implausible', rejected('future_time'), 'rows_held_back'],
    ['implausible', { code: 'members_changed', joined: 9, left: 9, unknown: 9, of: 100 }, 'members_changed'],
    ['implausible', null, 'rows_held_back'],
    [
      'implausible',
      { code: 'rows_rejected', job: 'quotes', rejected: 2, rows: 4, reasons: ['unit_suspect'] },
      'wrong_unit',
    ],
    [
      'schema_drift',
      { code: 'rows_rejected', job: 'quotes', rejected: 2, rows: 4, reasons: ['schema'] },
      'some_unreadable',
    ],
    ['implausible', { code: 'recently_failed' }, 'on_the_mend'],
    ['auth_expired', { code: 'unsteady', job: 'quotes', bouts: 3, tasks: 10 }, 'unsteady'],
    [null, { code: 'slow_answers' }, 'slow'],
    ['timeout', { code: 'no_outcome' }, 'no_outcome'],
    ['timeout', { code: 'timeout' }, 'timeout'],
    ['unexplained', { code: 'parser_failed' }, 'parser_fails'],
    ['unexplained', { code: 'no_browser' }, 'browser_fails'],
    ['rate_limited', { code: 'held', seconds: 9, asked: true }, 'too_many_requests'],
    [null, null, 'null'],
  ])('of %s with %j is %s', (reason, detail, cause) => {
    expect(String(causeOf(reason, detail))).toBe(cause);
  });

  it('of a login on hold is that a person has to act', () => {
    for (const code of plainLoginStates) expect(causeOf('auth_expired', { code })).toBe('login_on_hold');
  });

  it('is there for every reason, and has a meaning in words', () => {
    for (const reason of runReasons) expect(causes).toContain(causeOf(reason, null));
    for (const cause of causes) expect(causeMeanings[cause]).toMatch(/^[A-Z].*\.$/);
    for (const cause of causes) expect(causeWords[cause]).toMatch(/^[a-z, ]+$/);
  });

  it('docs/reasons.md has a row for each', () => {
    const page = readFileSync(new URL('../../../docs/reasons.md', import.meta.url), 'utf8');
    const section = page.slice(page.indexOf('## Causes'));
    for (const cause of causes)
      expect(section).toContain(`| \`${cause}\` | ${causeWords[cause]} | ${causeMeanings[cause]} |`);
  });
});
