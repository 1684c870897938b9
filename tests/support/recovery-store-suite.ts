import { describe, expect, it } from 'vitest';
import type { Failure } from '../../core/contracts/failure.ts';
import { canaryRun, fallbackRun, rerunOf } from '../../core/recovery/runs.ts';
import type { RepairStep } from '../../core/recovery/strategy.ts';
import { leaseSeconds } from '../../core/recovery/timing.ts';
import { sourceOf } from '../../core/sources/catalogue.ts';
import type { RecoveryStoreFixture } from './recovery-stores.ts';
import { at, down, id, idOf, open, start, useRecoveryStore } from './recovery-suite.ts';

const blocked: Failure = { reason: 'blocked', detail: { code: 'bot_challenge' }, message: 'A challenge.' };

/** What every `RecoveryStore` must do with the recoveries themselves. */
export function recoveryStoreSuite(make: () => Promise<RecoveryStoreFixture>): void {
  const of = useRecoveryStore(make);
  const { create, begin } = of;
  const repair = async (name: RepairStep, sourceId = 'yahoo') => {
    await of.store.beginStep(id, name, at(1));
    await of.store.repair(id, name, { sourceId, reason: 'blocked' }, at(2));
    return (await of.store.find(id))?.steps.find((step) => step.name === name);
  };
  const quotes = sourceOf('yahoo')?.jobs.find((job) => job.kind === 'quotes');
  if (!quotes) throw new Error('Yahoo has no quotes.');
  const planned = { recoveryId: id, sourceId: 'yahoo', now: start };
  const canary = canaryRun(planned, quotes, 'AAPL', true);

  describe('records', () => {
    it('has one open recovery for each source, and the same id once', async () => {
      expect(await create()).toEqual({ created: true, active: id });
      expect(await create()).toEqual({ created: true, active: id });
      expect(await create({ id: idOf(2) })).toEqual({ created: false, active: id });
      expect(await create({ id: idOf(3), sourceId: 'coingecko' })).toEqual({ created: true, active: idOf(3) });
      await of.store.finishFailed(id, { ...open, failure: null, takeBackSelectors: false }, at(1));
      expect(await create({ id: idOf(2) })).toEqual({ created: true, active: idOf(2) });
    });

    it('gives a recovery as it was requested, and null for an unknown one', async () => {
      await create();
      expect(await of.store.find(id)).toEqual({
        id,
        sourceId: 'yahoo',
        trigger: 'manual',
        strategy: null,
        status: 'pending',
        reason: null,
        detail: null,
        message: null,
        steps: [],
        requestedAt: start,
        startedAt: null,
        finishedAt: null,
        canaryRunId: null,
        fallback: null,
        held: null,
        secondsLeft: null,
      });
      expect(await of.store.find(idOf(9))).toBeNull();
    });

    it('lists them, the latest first, page by page, by source and status', async () => {
      for (const [number, sourceId] of ['yahoo', 'coingecko', 'slickcharts'].entries())
        await create({ id: idOf(number), sourceId, requestedAt: at(number) });
      const none = { sourceId: null, status: null, after: null, limit: 2 };
      const first = await of.store.list(none);
      expect(first.map((each) => each.sourceId)).toEqual(['slickcharts', 'coingecko']);
      const last = first[1];
      const after = last ? { requestedAt: last.cursorAt, id: last.id } : null;
      expect((await of.store.list({ ...none, after })).map((each) => each.sourceId)).toEqual(['yahoo']);
      expect(await of.store.list({ ...none, sourceId: 'yahoo' })).toHaveLength(1);
      expect(await of.store.list({ ...none, status: 'failed' })).toEqual([]);
    });

    it('knows whether the service is running', async () => {
      expect(await of.store.running()).toBe(true);
      await of.fixture.stopService();
      expect(await of.store.running()).toBe(false);
    });
  });

  describe('the lease', () => {
    it('is held by one worker, until it is given back', async () => {
      const token = await of.store.take(id, 'one');
      expect(await of.store.take(id, 'two')).toBeNull();
      expect(await of.store.release(id, token ?? 0)).toBe(true);
      expect(await of.store.take(id, 'two')).not.toBeNull();
    });

    it('is lost when its time is over; a former holder cannot give back that of another', async () => {
      const lost = await of.store.take(id, 'one');
      await of.fixture.setClock(at(leaseSeconds + 1));
      const token = await of.store.take(id, 'two');
      expect(token).toBeGreaterThan(lost ?? 0);
      expect(await of.store.release(id, lost ?? 0)).toBe(false);
      expect(await of.store.take(id, 'three')).toBeNull();
    });
  });

  describe('progress', () => {
    it('begins once, and counts down to its deadline', async () => {
      await begin();
      await of.store.begin(id, { strategy: 'another', reason: 'down', patienceSeconds: 1 }, at(5));
      await of.fixture.setClock(at(60));
      expect(await of.store.find(id)).toMatchObject({
        status: 'running',
        strategy: 'new session',
        reason: 'blocked',
        startedAt: start,
        secondsLeft: 120,
      });
      expect(await of.fixture.published()).toEqual(['recovery.started']);
    });

    it('notes each step as it begins, goes on and ends, and none of them twice', async () => {
      await begin();
      await of.store.beginStep(id, 'canary', at(1));
      await of.store.beginStep(id, 'canary', at(2));
      await of.store.describeStep(id, 'canary', 'Waits for a permit.');
      expect((await of.store.find(id))?.steps).toEqual([
        {
          name: 'canary',
          status: 'running',
          startedAt: at(1).toISOString(),
          finishedAt: null,
          detail: 'Waits for a permit.',
          failure: null,
        },
      ]);
      await of.store.endStep(id, 'canary', { status: 'failed', detail: 'Not well.', failure: blocked }, at(3));
      await of.store.endStep(id, 'canary', { status: 'done', detail: 'Well.' }, at(4));
      await of.store.describeStep(id, 'canary', 'Waits again.');
      expect((await of.store.find(id))?.steps).toMatchObject([
        { status: 'failed', finishedAt: at(3).toISOString(), detail: 'Not well.', failure: blocked },
      ]);
    });

    it('does a repair once, however often it is asked to', async () => {
      await begin();
      expect(await repair('other_selectors', 'slickcharts')).toMatchObject({ status: 'done' });
      await repair('other_selectors', 'slickcharts');
      expect(await of.fixture.selectorsOf('slickcharts')).toBe('alternative');
    });

    it('says what each repair did', async () => {
      await begin();
      await of.fixture.pauseProxy('down', at(600));
      await of.fixture.source('yahoo', { status: 'failed', open: true });
      const done: readonly (readonly [RepairStep, string, RegExp])[] = [
        ['keep_page', 'skipped', /No page/],
        ['lower_budget', 'done', /At most 50 %.* until 2026-11-24T16:15:00Z/],
        ['renew_session', 'skipped', /No session was stored/],
        ['half_open_breaker', 'done', /trial/],
        ['flush_cache', 'done', /0 shared answers/],
        ['lift_pause', 'done', /lifted/],
      ];
      for (const [name, status, detail] of done)
        expect(await repair(name)).toMatchObject({ status, detail: expect.stringMatching(detail) });
    });

    it('plans a canary once, sends it once, and knows what became of it', async () => {
      await begin();
      await of.store.planCanary(id, canary);
      await of.store.planCanary(id, canary);
      expect(await of.store.find(id)).toMatchObject({ canaryRunId: canary.id });
      expect(await of.fixture.runsOf('canary')).toEqual([
        { id: canary.id, sourceId: 'yahoo', job: quotes.id, tasks: [['AAPL']] },
      ]);
      expect(await of.store.jobOfRun(canary.id)).toBe(quotes.id);
      const tasks = await of.store.unsent(canary.id);
      expect(tasks).toEqual([
        {
          runId: canary.id,
          part: 0,
          sourceId: 'yahoo',
          job: quotes.id,
          kind: 'quotes',
          symbols: ['AAPL'],
          fresh: true,
          canary: true,
        },
      ]);
      await of.store.markSent(tasks);
      expect(await of.store.unsent(canary.id)).toEqual([]);
      expect(await of.store.runProgress(canary.id)).toEqual({ result: null, waitsSeconds: 0, artifacts: [] });
      await of.fixture.endTasks(canary.id, [{ accepted: 1, newestAsOf: at(-60) }]);
      expect(await of.store.runProgress(canary.id)).toEqual({
        result: { succeeded: true, failure: null, accepted: 1, newestAsOf: at(-60).getTime() },
        waitsSeconds: 0,
        artifacts: [],
      });
    });

    it('gives the failure of a run that failed', async () => {
      await of.fixture.plan(canary);
      await of.fixture.endTasks(canary.id, [blocked]);
      expect((await of.store.runProgress(canary.id)).result).toEqual({
        succeeded: false,
        failure: blocked,
        accepted: 0,
        newestAsOf: null,
      });
      expect(await of.store.jobOfRun(idOf(9))).toBeNull();
    });

    it('gives a fallback time of its own, and takes none away', async () => {
      await begin('blocked', 60);
      await of.store.planFallback(id, fallbackRun({ ...planned, sourceId: 'coingecko' }, quotes, [['bitcoin']]), 120);
      expect(await of.store.find(id)).toMatchObject({ secondsLeft: 120, fallback: { sourceId: 'coingecko' } });
      await of.store.planFallback(id, fallbackRun({ ...planned, sourceId: 'coingecko' }, quotes, [['bitcoin']]), 10);
      expect(await of.store.find(id)).toMatchObject({ secondsLeft: 120 });
    });
  });

  describe('the end', () => {
    const rerun = rerunOf(planned, { job: 'daily-bars', kind: 'bars', tasks: [['AAPL'], ['MSFT']], retried: false });
    const proven = { name: 'canary', result: { status: 'done', detail: 'It came.' } } as const;

    it('is verified together with its step, and the failed job is planned again', async () => {
      await begin();
      await of.store.beginStep(id, 'canary', at(1));
      await of.store.finishVerified(id, { step: proven, message: 'It came.', rerun }, at(2));
      expect(await of.store.find(id)).toMatchObject({
        status: 'verified',
        reason: 'blocked',
        message: 'It came.',
        finishedAt: at(2),
        steps: [{ name: 'canary', status: 'done', detail: 'It came.', finishedAt: at(2).toISOString() }],
      });
      expect(await of.fixture.runsOf('manual')).toEqual([
        { id: rerun?.id, sourceId: 'yahoo', job: 'daily-bars', tasks: [['AAPL'], ['MSFT']] },
      ]);
      expect(await of.fixture.published()).toEqual(['recovery.started', 'recovery.finished']);
    });

    it('comes once: the first one stays', async () => {
      await begin();
      await of.store.finishFailed(id, { ...open, failure: down, takeBackSelectors: false }, at(1));
      await of.store.finishVerified(id, { step: proven, message: 'It came.', rerun }, at(2));
      await of.store.finishMitigated(id, { ...open, failure: null, takeBackSelectors: false }, at(2));
      await of.store.finishFailed(id, { ...open, failure: null, takeBackSelectors: true }, at(2));
      expect(await of.store.find(id)).toMatchObject({ status: 'failed', reason: 'down', finishedAt: at(1) });
      expect(await of.fixture.runsOf('manual')).toEqual([]);
      expect(await of.fixture.selectorsOf('yahoo')).toBe('main');
      expect(await of.fixture.published()).toEqual(['recovery.started', 'recovery.finished']);
    });

    it('is failed for the reason of its proof, and takes selectors back that did not help', async () => {
      await begin();
      await repair('other_selectors');
      await of.store.beginStep(id, 'canary', at(3));
      await of.store.finishFailed(id, { step: null, message: 'No.', failure: down, takeBackSelectors: true }, at(4));
      expect(await of.store.find(id)).toMatchObject({
        status: 'failed',
        reason: 'down',
        detail: down.detail,
        steps: [{ status: 'done' }, { name: 'canary', status: 'failed', finishedAt: at(4).toISOString() }],
      });
      expect(await of.fixture.selectorsOf('yahoo')).toBe('main');
    });

    it('is mitigated, for the reason that the source is not well', async () => {
      await begin();
      await repair('other_selectors');
      await of.store.beginStep(id, 'fallback', at(1));
      const step = { name: 'fallback', result: { status: 'done', detail: 'yahoo gave 2 rows.' } } as const;
      await of.store.finishMitigated(id, { step, message: 'Not well.', failure: down, takeBackSelectors: true }, at(2));
      expect(await of.fixture.selectorsOf('yahoo')).toBe('main');
      expect(await of.store.find(id)).toMatchObject({
        status: 'mitigated',
        reason: 'down',
        message: 'Not well.',
        steps: [{ name: 'other_selectors' }, { name: 'fallback', status: 'done' }],
      });
    });

    it('keeps the reason that it began with where the proof has none', async () => {
      await begin('stale');
      await of.store.finishFailed(id, { ...open, failure: null, takeBackSelectors: false }, at(1));
      expect(await of.store.find(id)).toMatchObject({ status: 'failed', reason: 'stale' });
    });
  });
}
