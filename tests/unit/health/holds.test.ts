import { expect, it } from 'vitest';
import { causeOf } from '../../../core/contracts/words/causes.ts';
import { withReasonOfHold } from '../../../core/health/holds.ts';
import { bad, good } from '../../support/ended-tasks.ts';

const at = (minutes: number) => ({ endedAt: minutes * 60_000 });
const held = (minutes: number) => bad('rate_limited', { ...at(minutes), detail: { code: 'held', seconds: 9 } });
const reasons = (tasks: Parameters<typeof withReasonOfHold<ReturnType<typeof bad>>>[0]) =>
  withReasonOfHold(tasks, ({ endedAt }) => endedAt).map(({ reason }) => reason);

it('a task that was refused because of a hold fails for the reason that asked for it', () => {
  const quota = bad('quota_exhausted', { ...at(1), detail: { code: 'day_quota_notice' } });
  expect(reasons([held(3), held(2), quota, good(at(0))])).toEqual([
    'quota_exhausted',
    'quota_exhausted',
    'quota_exhausted',
    null,
  ]);
});

it('of several it is the last one before', () => {
  const limit = bad('rate_limited', { ...at(4), detail: { code: 'http_status', status: 429 } });
  const quota = bad('quota_exhausted', { ...at(1), detail: { code: 'day_quota_notice' } });
  expect(reasons([held(5), limit, held(2), quota])).toEqual([
    'rate_limited',
    'rate_limited',
    'quota_exhausted',
    'quota_exhausted',
  ]);
});

it('without one that is known it stays what it is, and so do other failures', () => {
  expect(reasons([held(2), bad('down', at(1))])).toEqual(['rate_limited', 'down']);
  expect(reasons([bad('quota_exhausted', { ...at(3), detail: { code: 'day_quota' } }), held(2)])).toEqual([
    'quota_exhausted',
    'rate_limited',
  ]);
});

it('a refusal by our own quota asks for no hold', () => {
  for (const code of ['minute_quota', 'day_quota'] as const)
    expect(reasons([held(3), bad('quota_exhausted', { ...at(1), detail: { code } })])).toEqual([
      'rate_limited',
      'quota_exhausted',
    ]);
});

it('its cause is that of the answer, where that is known', () => {
  const limit = bad('rate_limited', { ...at(1), detail: { code: 'http_status', status: 429 } });
  const causes = (...tasks: ReturnType<typeof bad>[]) =>
    withReasonOfHold(tasks, ({ endedAt }) => endedAt).map(({ reason, detail }) => causeOf(reason, detail));
  expect(causes(held(2), limit)).toEqual(['too_many_requests', 'too_many_requests']);
  expect(causes(held(2))).toEqual(['on_hold']);
});
