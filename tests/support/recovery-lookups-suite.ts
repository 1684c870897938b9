import { beforeEach, describe, expect, it } from 'vitest';
import type { Failure } from '../../core/contracts/failure.ts';
import type { Trigger } from '../../core/contracts/words/triggers.ts';
import type { PlannedRun } from '../../core/planning/plan.ts';
import type { RecoveryStore } from '../../core/ports/recovery-store.ts';
import type { NewRecovery } from '../../core/recovery/recovery.ts';
import { abandonedAfterSeconds, beginsWithinSeconds } from '../../core/recovery/timing.ts';
import type { RecoveryStoreFixture } from './recovery-stores.ts';

const start = new Date('2026-11-24T16:00:00Z');
const at = (seconds: number) => new Date(start.getTime() + seconds * 1000);
const idOf = (number: number) => `0198a7c0-0000-7000-8000-${String(number).padStart(12, '0')}`;
const id = idOf(1);
const down: Failure = { reason: 'down', detail: { code: 'http_status', status: 503 }, message: 'It is down.' };
const open = { step: null, message: 'Over.' } as const;

/** What every `RecoveryStore` must tell the monitor, and what it must find of sources and their runs. */
export function recoveryLookupsSuite(make: () => Promise<RecoveryStoreFixture>): void {
  let fixture: RecoveryStoreFixture;
  let store: RecoveryStore;
  beforeEach(async () => {
    fixture = await make();
    ({ store } = fixture);
    await fixture.setClock(start);
  });

  const create = (more: Partial<NewRecovery> = {}) =>
    store.create({ id, sourceId: 'yahoo', trigger: 'manual', requestedAt: start, requestedBy: null, ...more });
  const begin = async () => {
    await create();
    await store.begin(id, { strategy: 'new session', reason: 'blocked', patienceSeconds: 180 }, start);
  };

  describe('for the monitor', () => {
    it('those that never began are pending, and abandoned after a quarter of an hour', async () => {
      await create();
      expect(await store.pending()).toEqual([id]);
      await fixture.setClock(at(beginsWithinSeconds - 1));
      expect(await store.endAbandoned(at(beginsWithinSeconds - 1))).toEqual([]);
      await fixture.setClock(at(beginsWithinSeconds + 1));
      expect(await store.endAbandoned(at(beginsWithinSeconds + 1))).toEqual(['yahoo']);
      expect(await store.find(id)).toMatchObject({ status: 'failed', reason: 'unexplained' });
      expect(await store.pending()).toEqual([]);
    });

    it('those long past their deadline are abandoned', async () => {
      await begin();
      await fixture.setClock(at(180 + abandonedAfterSeconds - 1));
      expect(await store.endAbandoned(at(180))).toEqual([]);
      await fixture.setClock(at(180 + abandonedAfterSeconds + 1));
      expect(await store.endAbandoned(at(300))).toEqual(['yahoo']);
      expect(await store.endAbandoned(at(300))).toEqual([]);
    });

    it('a verified one held when no incident was opened for an hour, and did not as soon as one was', async () => {
      await begin();
      await store.finishVerified(id, { ...open, rerun: null }, at(0));
      expect(await store.noteHeld(at(3_599))).toEqual([]);
      expect(await store.find(id)).toMatchObject({ held: null });
      await fixture.openIncident({ sourceId: 'yahoo', reason: 'down', job: 'quotes', count: 1, openedAt: at(60) });
      expect(await store.noteHeld(at(61))).toEqual(['yahoo']);
      expect(await store.find(id)).toMatchObject({ held: false });
      expect(await store.noteHeld(at(7_200))).toEqual([]);
    });

    it('whether a recovery is due is decided by the source, its incidents and its past recoveries', async () => {
      await fixture.source('yahoo', { status: 'failed', heldUntil: at(60), unlocked: false, paused: true });
      await fixture.openIncident({ sourceId: 'yahoo', reason: 'down', job: 'quotes', count: 3, openedAt: at(-60) });
      await begin();
      await store.finishFailed(id, { ...open, failure: null, takeBackSelectors: false }, at(1));
      await create({ id: idOf(2), trigger: 'automatic', requestedAt: at(2) });
      const facts = await store.facts(['yahoo'], at(3));
      expect(facts.get('yahoo')).toEqual({
        status: 'failed',
        failuresInARow: 3,
        paused: true,
        locked: true,
        openIncidents: 1,
        heldUntil: at(60).getTime(),
        past: [
          { trigger: 'automatic', status: 'pending', requestedAt: at(2).getTime(), finishedAt: null },
          { trigger: 'manual', status: 'failed', requestedAt: start.getTime(), finishedAt: at(1).getTime() },
        ],
      });
    });
  });

  describe('what it looks up', () => {
    const run = (trigger: Trigger, number: number): PlannedRun => ({
      id: idOf(100 + number),
      sourceId: 'yahoo',
      job: 'quotes',
      kind: 'quotes',
      trigger,
      slot: String(number),
      dueAt: at(number),
      tasks: [['AAPL', 'MSFT'], ['BTC-USD']],
    });
    const failing = () =>
      fixture.openIncident({ sourceId: 'yahoo', reason: 'down', job: 'quotes', count: 1, openedAt: at(-1) });

    it('a source that is well has nothing that fails', async () => {
      expect(await store.conditionOf('yahoo')).toEqual({ reason: null, failing: null });
    });

    it('what fails is the job of the open incident, with the failed tasks of its newest run', async () => {
      await failing();
      await fixture.plan(run('schedule', 1));
      await fixture.endTasks(idOf(101), [down, { accepted: 1, newestAsOf: start }]);
      await fixture.plan({ ...run('canary', 2), tasks: [['AAPL']] });
      expect(await store.conditionOf('yahoo')).toEqual({
        reason: 'down',
        failing: { job: 'quotes', kind: 'quotes', tasks: [['AAPL', 'MSFT']], retried: false },
      });
    });

    it('a retry that is under way is seen', async () => {
      await failing();
      await fixture.plan(run('schedule', 1));
      await fixture.endTasks(idOf(101), [down, down]);
      await fixture.plan(run('retry', 2));
      expect((await store.conditionOf('yahoo')).failing).toMatchObject({ retried: true });
      await fixture.endTasks(idOf(102), [down, down]);
      expect((await store.conditionOf('yahoo')).failing).toMatchObject({ retried: false });
    });

    it('a source that asked for a pause gives no permit until it is over', async () => {
      expect(await store.permitRefusal('yahoo')).toBeNull();
      await fixture.source('yahoo', { status: 'limited', heldUntil: at(90) });
      expect(await store.permitRefusal('yahoo')).toEqual({ why: 'held', seconds: 90 });
      await fixture.setClock(at(91));
      expect(await store.permitRefusal('yahoo')).toBeNull();
    });

    it('symbols are known by the name of their source', async () => {
      const exchange = { mic: 'XNAS', zone: 'America/New_York' };
      await fixture.listing({ namespace: 'coingecko', symbol: 'bitcoin', canonical: 'BTC-USD', ...exchange });
      expect(await store.canonicalSymbols('coingecko', ['bitcoin', 'ethereum'])).toEqual(
        new Map([['bitcoin', 'BTC-USD']]),
      );
      expect(await store.listingOf('coingecko', 'bitcoin', 'other')).toMatchObject(exchange);
      expect(await store.listingOf('yahoo', 'BTC-USD', 'BTC-USD')).toMatchObject(exchange);
      expect(await store.listingOf('yahoo', 'bitcoin', 'other')).toBeNull();
    });

    it('healthy are those that could be asked now, in order', async () => {
      const sources = ['slickcharts', 'coingecko', 'yahoo', 'alpha-vantage', 'demo-broker'];
      await fixture.source('slickcharts', { status: 'healthy', unlocked: false });
      await fixture.source('coingecko', { status: 'healthy', unlocked: true });
      await fixture.source('yahoo', { status: 'healthy', open: true });
      await fixture.source('alpha-vantage', { status: 'healthy', paused: true });
      await fixture.source('demo-broker', { status: 'degraded' });
      expect(await store.healthySources(sources, start)).toEqual([
        { id: 'slickcharts', unlocked: false },
        { id: 'coingecko', unlocked: true },
      ]);
    });

    it("the proxy's heartbeat counts when it came after the recovery began", async () => {
      expect(await store.heartbeatSince('key', start)).toBeNull();
      await fixture.answer('key', { at: at(-1), failure: null });
      expect(await store.heartbeatSince('key', start)).toBeNull();
      await fixture.answer('key', { at: at(1), failure: null });
      expect(await store.heartbeatSince('key', start)).toEqual({ failure: null });
      await fixture.answer('key', { at: at(2), failure: 'blocked' });
      expect(await store.heartbeatSince('key', at(1))).toEqual({ failure: 'blocked' });
    });

    it('the pause of the proxy has a reason, until it is over', async () => {
      expect(await store.proxyPause()).toBeNull();
      await fixture.pauseProxy('rate_limited', at(60));
      expect(await store.proxyPause()).toBe('rate_limited');
      await fixture.setClock(at(61));
      expect(await store.proxyPause()).toBeNull();
    });
  });
}
