import { expect, it } from 'vitest';
import type { RunReason } from '../../../core/contracts/reasons.ts';
import { sourceHealth } from '../../../core/health/source-health.ts';
import type { FinishedTask } from '../../../core/ports/outcome-store.ts';

const good: FinishedTask = { ok: true, reason: null, accepted: 10, rejected: 0 };
const bad = (reason: RunReason): FinishedTask => ({ ok: false, reason, accepted: 0, rejected: 0 });
const times = (count: number, task: FinishedTask) => Array.from({ length: count }, () => task);

it('a source that has not run is unknown and has no score', () => {
  expect(sourceHealth([], false)).toMatchObject({ status: 'unknown', score: null });
});

it('all good is healthy at 100', () => {
  expect(sourceHealth(times(20, good), false)).toEqual({
    status: 'healthy',
    reason: null,
    score: 100,
    success: 1,
    accepted: 1,
  });
});

it('one fresh failure degrades, with its reason', () => {
  expect(sourceHealth([bad('down'), ...times(19, good)], false)).toMatchObject({ status: 'degraded', reason: 'down' });
});

it('three failures in a row are a failed source', () => {
  expect(sourceHealth([...times(3, bad('schema_drift')), ...times(17, good)], false)).toMatchObject({
    status: 'failed',
    reason: 'schema_drift',
  });
});

it('a limit of the source is limited, not failed', () => {
  expect(sourceHealth(times(5, bad('rate_limited')), false)).toMatchObject({
    status: 'limited',
    reason: 'rate_limited',
    score: 0,
  });
});

it('one that healed after most failed is degraded at once, healthy only when the failures are past', () => {
  expect(sourceHealth([good, ...times(10, bad('down'))], false)).toMatchObject({ status: 'degraded', reason: 'down' });
  expect(sourceHealth([...times(20, good), ...times(10, bad('down'))], false)).toMatchObject({ status: 'healthy' });
});

it('rows in quarantine lower the score though every run succeeded', () => {
  const half = { ...good, accepted: 5, rejected: 5 };
  expect(sourceHealth(times(20, half), false)).toMatchObject({ status: 'degraded', score: 85 });
});

it('paused is what a person wants, whatever came before', () => {
  expect(sourceHealth(times(20, bad('down')), true)).toMatchObject({ status: 'paused', reason: null });
});
