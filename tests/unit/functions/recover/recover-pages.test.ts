import { beforeEach, describe, expect, it } from 'vitest';
import type { Failure } from '../../../../core/contracts/failure.ts';
import { healedBy } from '../../../../core/recovery/healed-by.ts';
import { canaryPatienceSeconds } from '../../../../core/recovery/timing.ts';
import { catalogue } from '../../../../core/sources/catalogue.ts';
import { recoverSource } from '../../../../functions/recover/recover-source.ts';
import { memoryRecoveryFixture } from '../../../support/recovery-stores.ts';

/** Tuesday, 11:00 in New York. */
const start = Date.parse('2026-11-24T16:00:00Z');
const recoveryId = '0198a7c0-0000-7000-8000-000000000001';
const down: Failure = { reason: 'down', detail: { code: 'http_status', status: 503 }, message: 'x' };
const drift: Failure = { reason: 'schema_drift', detail: { code: 'table_missing' }, message: 'x' };

let now: number;
let fixture: ReturnType<typeof memoryRecoveryFixture>;

async function setClock(at: number): Promise<void> {
  now = at;
  await fixture.setClock(new Date(at));
}

const deliver = () =>
  recoverSource(
    { recoveryId },
    { store: fixture.store, queue: { send: async () => {} }, sources: catalogue, now: () => now, worker: 'test' },
  );
const found = async () => {
  const recovery = await fixture.store.find(recoveryId);
  if (!recovery) throw new Error('There is no recovery.');
  return recovery;
};
const stepsOf = async () => (await found()).steps.map(({ name, status }) => `${name} ${status}`);
const endCanary = async (end: Failure | { accepted: number; newestAsOf: Date }) =>
  fixture.endTasks((await found()).canaryRunId ?? '', [end]);
const fresh = () => ({ accepted: 1, newestAsOf: new Date(now - 60_000) });

describe('a recovery of a page', () => {
  beforeEach(async () => {
    fixture = memoryRecoveryFixture();
    await setClock(start);
    const incident = { sourceId: 'slickcharts', reason: 'schema_drift', job: 'none', count: 1 } as const;
    await fixture.openIncident({ ...incident, openedAt: new Date(now) });
    const of = { id: recoveryId, sourceId: 'slickcharts', trigger: 'manual' } as const;
    await fixture.store.create({ ...of, requestedAt: new Date(now), requestedBy: null });
    await deliver();
  });

  it('keeps its selectors when the canary succeeds with them, and does not claim them as the cure', async () => {
    await endCanary(fresh());
    await deliver();
    expect(await found()).toMatchObject({ status: 'verified' });
    expect(await fixture.selectorsOf('slickcharts')).toBe('main');
    expect(healedBy(await found())).not.toContain('other_selectors');
  });

  it('is healed by other selectors when the second canary succeeds, with time of its own', async () => {
    await setClock(start + (canaryPatienceSeconds - 1) * 1000);
    await endCanary(drift);
    await deliver();
    await setClock(start + (canaryPatienceSeconds + 60) * 1000);
    await deliver();
    expect(await found()).toMatchObject({ status: 'running' });
    await endCanary(fresh());
    await deliver();
    expect(await found()).toMatchObject({ status: 'verified' });
    expect(healedBy(await found())).toEqual(['other_selectors']);
    expect(await fixture.selectorsOf('slickcharts')).toBe('alternative');
  });

  it('changes no selectors when the canary failed of something else', async () => {
    await endCanary(down);
    await deliver();
    expect(await found()).toMatchObject({ status: 'failed', reason: 'down' });
    expect((await stepsOf()).slice(-4)).toEqual([
      'canary failed',
      'other_selectors skipped',
      'second_canary skipped',
      'fallback skipped',
    ]);
    expect(await fixture.selectorsOf('slickcharts')).toBe('main');
  });
});
