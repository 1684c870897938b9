/** Recoveries for the doubled API: one that ended, and one that advances with each look. */
import type { RecoveryStep, RecoveryView } from '../../../core/contracts/http/recovery.ts';

const at = (secondsAgo: number) => new Date(Date.now() - secondsAgo * 1_000).toISOString();

const step = (name: string, status: RecoveryStep['status'], detail: string | null = null): RecoveryStep => ({
  name,
  status,
  startedAt: at(60),
  finishedAt: status === 'running' ? null : at(58),
  detail,
  failure: null,
});

export const recoveryId = '7b0d8a52-3c4e-4f61-9d2a-5a1f6c3e0001';
const canaryRunId = '5e1f3a77-90aa-5f0e-8f3c-6f2f0a1d9b02';

/** What was done about a source before. Only CoinGecko has been recovered. */
export function formerRecoveries(sourceId: string): RecoveryView[] {
  if (sourceId !== 'coingecko') return [];
  return [
    {
      id: '7b0d8a52-3c4e-4f61-9d2a-5a1f6c3e0009',
      sourceId,
      trigger: 'automatic',
      strategy: 'ask less',
      status: 'mitigated',
      reason: 'rate_limited',
      cause: 'too_many_requests',
      detail: { code: 'http_status', status: 429 },
      message: 'The source itself is not well (asked too often). yahoo gave 3 rows in its place.',
      steps: [
        step('lower_budget', 'done', 'At most 50 % of the minute’s quota is used until 2026-11-22T15:20:00Z.'),
        step('half_open_breaker', 'skipped', 'The breaker is closed.'),
        step('canary', 'failed', 'rate_limited: The source answered "Too Many Requests".'),
        step('fallback', 'done', 'yahoo gave 3 rows in its place.'),
      ],
      requestedAt: at(1_900),
      startedAt: at(1_900),
      finishedAt: at(1_860),
      healedBy: null,
      canaryRunId,
      fallback: { sourceId: 'yahoo', runId: canaryRunId },
      held: null,
    },
  ];
}

/** A recovery that was asked for, as it is at the given look: pending, at its canary, verified. */
export function recoveryAt(sourceId: string, look: number): RecoveryView {
  const begun = look > 0;
  const ended = look > 2;
  return {
    id: recoveryId,
    sourceId,
    trigger: 'manual',
    strategy: begun ? 'new session' : null,
    status: ended ? 'verified' : begun ? 'running' : 'pending',
    reason: null,
    cause: null,
    detail: null,
    message: ended ? 'The canary AAPL succeeded: 1 accepted, the newest of 2026-11-20T21:00:00Z.' : null,
    steps: begun
      ? [
          step('renew_session', 'done', 'The kept session was dropped; the next request makes a new one.'),
          step('half_open_breaker', 'done', 'The next run is a trial.'),
          step('canary', ended ? 'done' : 'running'),
        ]
      : [],
    requestedAt: at(5),
    startedAt: begun ? at(4) : null,
    finishedAt: ended ? at(0) : null,
    healedBy: ended ? ['renew_session', 'half_open_breaker'] : null,
    canaryRunId: begun ? canaryRunId : null,
    fallback: null,
    held: null,
  };
}
