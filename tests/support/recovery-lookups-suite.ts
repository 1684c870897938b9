import { describe, expect, it } from 'vitest';
import type { Trigger } from '../../core/contracts/words/triggers.ts';
import type { PlannedRun } from '../../core/planning/plan.ts';
import { abandonedAfterSeconds, beginsWithinSeconds } from '../../core/recovery/timing.ts';
import type { RecoveryStoreFixture } from './recovery-stores.ts';
import { at, down, id, idOf, open, start, useRecoveryStore } from './recovery-suite.ts';

/** What every `RecoveryStore` must tell the monitor, and what it must find of sources and their runs. */
export function recoveryLookupsSuite(make: () => Promise<RecoveryStoreFixture>): void {
  const of = useRecoveryStore(make);
  const { create, begin } = of;
  describe('for the monitor', () => {
    it('those that never began are pending, and abandoned after a quarter of an hour', async () => {
      await create();
      expect(await of.store.pending()).toEqual([id]);
      await of.fixture.setClock(at(beginsWithinSeconds - 1));
      expect(await of.store.endAbandoned(at(beginsWithinSeconds - 1))).toEqual([]);
      await of.fixture.setClock(at(beginsWithinSeconds + 1));
      expect(await of.store.endAbandoned(at(beginsWithinSeconds + 1))).toEqual(['yahoo']);
      expect(await of.store.find(id)).toMatchObject({ status: 'failed', reason: 'unexplained' });
      expect(await of.store.pending()).toEqual([]);
    });

    it('those long past their deadline are abandoned', async () => {
      await begin();
      await of.fixture.setClock(at(180 + abandonedAfterSeconds - 1));
      expect(await of.store.endAbandoned(at(180))).toEqual([]);
      await of.fixture.setClock(at(180 + abandonedAfterSeconds + 1));
      expect(await of.store.endAbandoned(at(300))).toEqual(['yahoo']);
      expect(await of.store.endAbandoned(at(300))).toEqual([]);
    });

    it('a verified one held when no incident was opened for an hour, and did not as soon as one was', async () => {
      await begin();
      await of.store.finishVerified(id, { ...open, rerun: null }, at(0));
      expect(await of.store.noteHeld(at(3_599))).toEqual([]);
      expect(await of.store.find(id)).toMatchObject({ held: null });
      await of.fixture.openIncident({ sourceId: 'yahoo', reason: 'down', job: 'quotes', count: 1, openedAt: at(60) });
      expect(await of.store.noteHeld(at(61))).toEqual(['yahoo']);
      expect(await of.store.find(id)).toMatchObject({ held: false });
      expect(await of.store.noteHeld(at(7_200))).toEqual([]);
    });

    it('whether a recovery is due is decided by the source, its incidents and its past recoveries', async () => {
      await of.fixture.source('yahoo', { status: 'failed', heldUntil: at(60), unlocked: false, paused: true });
      await of.fixture.openIncident({ sourceId: 'yahoo', reason: 'down', job: 'quotes', count: 3, openedAt: at(-60) });
      await begin();
      await of.store.finishFailed(id, { ...open, failure: null, takeBackSelectors: false }, at(1));
      await create({ id: idOf(2), trigger: 'automatic', requestedAt: at(2) });
      const facts = await of.store.facts(['yahoo'], at(3));
      expect(facts.get('yahoo')).toEqual({
        status: 'failed',
        failuresInARow: 3,
        paused: true,
        locked: true,
        loginHeld: false,
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
      of.fixture.openIncident({ sourceId: 'yahoo', reason: 'down', job: 'quotes', count: 1, openedAt: at(-1) });

    it('a source that is well has nothing that fails', async () => {
      expect(await of.store.conditionOf('yahoo')).toEqual({ reason: null, failing: null });
    });

    it('what fails is the job of the open incident, with the failed tasks of its newest run', async () => {
      await failing();
      await of.fixture.plan(run('schedule', 1));
      await of.fixture.endTasks(idOf(101), [down, { accepted: 1, newestAsOf: start }]);
      await of.fixture.plan({ ...run('canary', 2), tasks: [['AAPL']] });
      expect(await of.store.conditionOf('yahoo')).toEqual({
        reason: 'down',
        failing: { job: 'quotes', kind: 'quotes', tasks: [['AAPL', 'MSFT']], retried: false },
      });
    });

    it('a retry that is under way is seen', async () => {
      await failing();
      await of.fixture.plan(run('schedule', 1));
      await of.fixture.endTasks(idOf(101), [down, down]);
      await of.fixture.plan(run('retry', 2));
      expect((await of.store.conditionOf('yahoo')).failing).toMatchObject({ retried: true });
      await of.fixture.endTasks(idOf(102), [down, down]);
      expect((await of.store.conditionOf('yahoo')).failing).toMatchObject({ retried: false });
    });

    it('a source that asked for a pause gives no permit until it is over', async () => {
      expect(await of.store.permitRefusal('yahoo')).toBeNull();
      await of.fixture.source('yahoo', { status: 'limited', heldUntil: at(90) });
      expect(await of.store.permitRefusal('yahoo')).toEqual({ why: 'held', seconds: 90 });
      await of.fixture.setClock(at(91));
      expect(await of.store.permitRefusal('yahoo')).toBeNull();
    });

    it('symbols are known by the name of their source', async () => {
      const exchange = { mic: 'XNAS', zone: 'America/New_York' };
      await of.fixture.listing({ namespace: 'coingecko', symbol: 'bitcoin', canonical: 'BTC-USD', ...exchange });
      expect(await of.store.canonicalSymbols('coingecko', ['bitcoin', 'ethereum'])).toEqual(
        new Map([['bitcoin', 'BTC-USD']]),
      );
      expect(await of.store.listingOf('coingecko', 'bitcoin', 'other')).toMatchObject(exchange);
      expect(await of.store.listingOf('yahoo', 'BTC-USD', 'BTC-USD')).toMatchObject(exchange);
      expect(await of.store.listingOf('yahoo', 'bitcoin', 'other')).toBeNull();
    });

    it('healthy are those that could be asked now, in order', async () => {
      const sources = ['slickcharts', 'coingecko', 'yahoo', 'alpha-vantage', 'demo-broker'];
      await of.fixture.source('slickcharts', { status: 'healthy', unlocked: false });
      await of.fixture.source('coingecko', { status: 'healthy', unlocked: true });
      await of.fixture.source('yahoo', { status: 'healthy', open: true });
      await of.fixture.source('alpha-vantage', { status: 'healthy', paused: true });
      await of.fixture.source('demo-broker', { status: 'degraded' });
      expect(await of.store.healthySources(sources, start)).toEqual([
        { id: 'slickcharts', unlocked: false },
        { id: 'coingecko', unlocked: true },
      ]);
    });

    it("the proxy's heartbeat counts when it came after the recovery began", async () => {
      expect(await of.store.heartbeatSince('key', start)).toBeNull();
      await of.fixture.answer('key', { at: at(-1), failure: null });
      expect(await of.store.heartbeatSince('key', start)).toBeNull();
      await of.fixture.answer('key', { at: at(1), failure: null });
      expect(await of.store.heartbeatSince('key', start)).toEqual({ failure: null });
      await of.fixture.answer('key', { at: at(2), failure: 'blocked' });
      expect(await of.store.heartbeatSince('key', at(1))).toEqual({ failure: 'blocked' });
    });

    it('the pause of the proxy has a reason, until it is over', async () => {
      expect(await of.store.proxyPause()).toBeNull();
      await of.fixture.pauseProxy('rate_limited', at(60));
      expect(await of.store.proxyPause()).toBe('rate_limited');
      await of.fixture.setClock(at(61));
      expect(await of.store.proxyPause()).toBeNull();
    });
  });
}
