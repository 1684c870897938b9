import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { quarantineReasons } from '../../../core/contracts/words/quarantine-reasons.ts';
import { runReasons } from '../../../core/contracts/words/run-reasons.ts';
import type { Complaint } from '../../../core/diagnosis/complaints.ts';
import { ruleFor, sourceRules } from '../../../core/diagnosis/rules/source-rules.ts';
import { systemRules } from '../../../core/diagnosis/rules/system-rules.ts';
import { complaint, minutesAgo, seen, source, used } from '../../support/diagnosis-facts.ts';

const some = { goodSince: 3, symbols: { hit: 1, asked: 9, names: ['A'] } };
const withKey = (changedAt: number, lastSuccessAt: number | null) =>
  source({ credentials: { isSet: true, changedAt }, signsIn: 'api-key', lastSuccessAt });

describe('a cause', () => {
  it.each<[string, Partial<Complaint>]>([
    ['wrong-credentials', { reason: 'auth_expired', source: withKey(minutesAgo(10), minutesAgo(20)) }],
    ['wrong-credentials', { reason: 'auth_expired', source: withKey(minutesAgo(10), null) }],
    ['credentials-refused', { reason: 'auth_expired', source: withKey(minutesAgo(90), minutesAgo(6)) }],
    ['session-refused', { reason: 'auth_expired' }],
    ['own-use-of-the-limit', { reason: 'rate_limited', source: used(9, 1) }],
    ['own-use-of-the-limit', { reason: 'rate_limited', source: used(1, 90) }],
    ['limit-used-by-others', { reason: 'rate_limited', source: used(2, 5) }],
    ['own-use-of-the-minute', { reason: 'quota_exhausted', samples: seen({ code: 'minute_quota' }) }],
    ['own-use-of-the-day', { reason: 'quota_exhausted', source: used(1, 100), samples: seen() }],
    ['day-used-by-others', { reason: 'quota_exhausted', source: used(1, 3), samples: seen() }],
    ['taken-for-a-bot', { reason: 'blocked' }],
    ['limit-used-by-others', { reason: 'rate_limited', samples: seen({ code: 'rate_limit_notice' }) }],
    ['unexplained', { reason: 'rate_limited', samples: seen({ code: 'unknown_notice' }) }],
    ['own-use-of-the-day', { reason: 'quota_exhausted', samples: seen({ code: 'day_quota' }) }],
    ['credentials-unset', { reason: 'auth_expired', samples: seen({ code: 'credentials_unset' }) }],
    ['wants-credentials', { reason: 'auth_expired', source: source({ signsIn: null }), samples: seen() }],
    [
      'unit-unknown',
      { reason: 'implausible', samples: seen({ code: 'all_rows_rejected', rows: 2, reasons: ['unit_suspect'] }) },
    ],
    ['rows-held-back', { reason: 'implausible', samples: seen() }],
    [
      'session-ended',
      {
        reason: 'auth_expired',
        source: { ...withKey(minutesAgo(10), null), signsIn: 'form-login' },
        samples: seen({ code: 'login_page' }),
      },
    ],
    ['cut-off-answers', { reason: 'schema_drift', samples: seen({ code: 'invalid_json' }) }],
    ['not-data', { reason: 'schema_drift', samples: seen({ code: 'page_in_place_of_data' }) }],
    ['not-data', { reason: 'schema_drift', samples: seen({ code: 'download' }) }],
    ['answer-too-large', { reason: 'schema_drift', samples: seen({ code: 'too_large' }) }],
    [
      'members-changed',
      { reason: 'implausible', samples: seen({ code: 'members_changed', joined: 9, left: 9, unknown: 9, of: 30 }) },
    ],
    ['list-incomplete', { reason: 'schema_drift', samples: seen({ code: 'weights_sum', percent: 60 }) }],
    ['format-changed', { reason: 'schema_drift', samples: seen() }],
    ['format-changed', { reason: 'schema', subject: 'rows', goodSince: 2, samples: seen() }],
    ['odd-answers-on-some-symbols', { reason: 'schema', subject: 'rows', samples: seen(), ...some }],
    ['minor-units', { reason: 'unit_suspect', subject: 'rows', ratios: [100, 99.2, 104] }],
    ['minor-units', { reason: 'unit_suspect', subject: 'rows', ratios: [0.01] }],
    ['unit-unknown', { reason: 'unit_suspect', subject: 'rows', ratios: [] }],
    ['prices-off-for-many', { reason: 'implausible_jump', symbols: { hit: 5, asked: 9, names: ['A'] } }],
    ['price-off-for-a-few', { reason: 'implausible_jump', symbols: { hit: 1, asked: 9, names: ['A'] } }],
    ['clock-ahead', { reason: 'future_time' }],
    ['no-positive-price', { reason: 'non_positive' }],
    ['other-currency', { reason: 'source_mismatch' }],
    ['unasked-symbols', { reason: 'unknown_listing' }],
    ['contradicting-rows', { reason: 'duplicate_conflict' }],
    ['old-state-served', { reason: 'stale' }],
    ['address-changed', { reason: 'not_found' }],
    ['nothing-on-anything', { reason: 'no_data' }],
    ['symbols-gone', { reason: 'no_data', ...some }],
    ['servers-failing', { reason: 'down', httpStatus: 503 }],
    ['unreachable', { reason: 'down' }],
    ['maintenance', { reason: 'down', samples: seen({ code: 'maintenance' }) }],
    ['waiting-room', { reason: 'down', samples: seen({ code: 'waiting_room' }) }],
    ['error-page', { reason: 'down', samples: seen({ code: 'error_page' }) }],
    ['error-page', { reason: 'down', samples: seen({ code: 'page_not_found' }) }],
    ['host-parked', { reason: 'down', samples: seen({ code: 'host_parked' }) }],
    ['page-never-fills', { reason: 'down', samples: seen({ code: 'still_loading' }) }],
    ['connection-breaks', { reason: 'down', samples: seen({ code: 'answer_cut_off' }) }],
    ['address-not-allowed', { reason: 'bad_request', samples: seen({ code: 'blocked_address' }) }],
    ['stuck-inside', { reason: 'timeout', attempted: false }],
    ['too-slow', { reason: 'timeout' }],
    ['request-refused', { reason: 'bad_request' }],
    ['symbols-refused', { reason: 'bad_request', ...some }],
    ['no-browser', { reason: 'unexplained', samples: seen({ code: 'no_browser' }) }],
    ['unexplained', { reason: 'unexplained', httpStatus: 418 }],
  ])('%s follows from its evidence, not from the reason alone: %j', (rule, evidence) => {
    const found = ruleFor(complaint(evidence));
    expect(found.id).toBe(rule);
    expect(found.cause(complaint(evidence)).length).toBeGreaterThan(20);
    expect(found.advice(complaint(evidence)).length).toBeGreaterThan(0);
  });

  it('is known for each reason but `unexplained`, and each rule can be reached', () => {
    for (const reason of [...runReasons, ...quarantineReasons].filter((each) => each !== 'unexplained'))
      expect(ruleFor(complaint({ reason })).id, reason).not.toBe('unexplained');
    expect(new Set(sourceRules.map(({ id }) => id)).size).toBe(sourceRules.length);
  });
});

describe('docs/diagnosis.md', () => {
  it('has a row for each rule', () => {
    const docs = readFileSync(new URL('../../../docs/diagnosis.md', import.meta.url), 'utf8');
    const rules = [...sourceRules, ...systemRules].map(({ id }) => id);
    expect(rules.filter((id) => !docs.includes(`| \`${id}\` |`))).toEqual([]);
  });
});
