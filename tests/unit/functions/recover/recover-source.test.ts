import { beforeEach, describe, expect, it } from 'vitest';
import type { Failure } from '../../../../core/contracts/failure.ts';
import type { MessageQueue } from '../../../../core/ports/message-queue.ts';
import type { RecoveryStore } from '../../../../core/ports/recovery-store.ts';
import { quoteQuestion } from '../../../../core/proxy/read-question.ts';
import { proxyId } from '../../../../core/recovery/strategy.ts';
import { canaryPatienceSeconds, heartbeatPatienceSeconds } from '../../../../core/recovery/timing.ts';
import { catalogue } from '../../../../core/sources/catalogue.ts';
import { recoverSource, requeueHeld } from '../../../../functions/recover/recover-source.ts';
import { memoryRecoveryFixture } from '../../../support/recovery-stores.ts';

/** Tuesday, 11:00 in New York. */
const start = Date.parse('2026-11-24T16:00:00Z');
const recoveryId = '0198a7c0-0000-7000-8000-000000000001';
const blocked: Failure = {
  reason: 'blocked',
  detail: { code: 'bot_challenge' },
  message: 'Blocked: not by its words.',
};
const down: Failure = { reason: 'down', detail: { code: 'http_status', status: 503 }, message: 'x' };

let now: number;
let fixture: ReturnType<typeof memoryRecoveryFixture>;
let sent: { queue: string; messages: readonly unknown[]; delaySeconds: number }[];

beforeEach(async () => {
  fixture = memoryRecoveryFixture();
  sent = [];
  await setClock(start);
});

async function setClock(at: number): Promise<void> {
  now = at;
  await fixture.setClock(new Date(at));
}

const request = (sourceId: string) =>
  fixture.store.create({
    id: recoveryId,
    sourceId,
    trigger: 'manual',
    requestedAt: new Date(now),
    requestedBy: null,
  });

const queue: MessageQueue = {
  send: async (name, messages, delaySeconds = 0) => {
    sent.push({ queue: name, messages, delaySeconds });
  },
};

const deliver = (store: Partial<RecoveryStore> = {}) =>
  recoverSource(
    { recoveryId },
    {
      store: { ...fixture.store, ...store },
      queue,
      sources: catalogue,
      now: () => now,
      worker: 'test',
    },
  );

const found = async () => {
  const recovery = await fixture.store.find(recoveryId);
  if (!recovery) throw new Error('There is no recovery.');
  return recovery;
};
const stepsOf = async () => (await found()).steps.map(({ name, status }) => `${name} ${status}`);
/** In how many seconds the recovery's own message comes back; `null` when it was not requeued. */
const requeued = () => sent.findLast(({ queue }) => queue === 'recoveries')?.delaySeconds ?? null;
const scrapes = () =>
  sent.filter(({ queue }) => queue.startsWith('scrape-')).map(({ queue, messages }) => ({ queue, messages }));

const endCanary = async (end: Failure | { accepted: number; newestAsOf: Date }) => {
  const { canaryRunId } = await found();
  await fixture.endTasks(canaryRunId ?? '', [end]);
};
const fresh = () => ({ accepted: 1, newestAsOf: new Date(now - 60_000) });

async function failingQuotes(sourceId: string, symbols: readonly string[], reason: Failure = down): Promise<void> {
  const run = { id: `run-of-${sourceId}`, sourceId, job: 'quotes', kind: 'quotes', trigger: 'schedule' } as const;
  await fixture.openIncident({ sourceId, reason: reason.reason, job: 'quotes', count: 2, openedAt: new Date(now) });
  await fixture.plan({ ...run, slot: 'slot', dueAt: new Date(now), tasks: [symbols] });
  await fixture.endTasks(run.id, [reason]);
}

describe('a recovery', () => {
  it('repairs, runs one canary, and is verified by it; the failed job is run again', async () => {
    await failingQuotes('yahoo', ['AAPL', 'MSFT'], blocked);
    await request('yahoo');
    await deliver();
    expect(await found()).toMatchObject({ status: 'running', reason: 'blocked', strategy: 'new session, ask less' });
    expect(scrapes()).toMatchObject([
      { queue: 'scrape-yahoo', messages: [{ job: 'quotes', symbols: ['AAPL'], canary: true }] },
    ]);
    expect(requeued()).toBe(1);
    await endCanary(fresh());
    await deliver();
    expect(await found()).toMatchObject({ status: 'verified', reason: 'blocked' });
    expect(await stepsOf()).toEqual([
      'renew_session skipped',
      'lower_budget done',
      'half_open_breaker skipped',
      'canary done',
    ]);
    expect(await fixture.runsOf('manual')).toMatchObject([{ job: 'quotes', tasks: [['AAPL', 'MSFT']] }]);
  });

  it('of a source that is well is verified without running anything again', async () => {
    await request('yahoo');
    await deliver();
    await endCanary(fresh());
    await deliver();
    expect(await found()).toMatchObject({ status: 'verified', reason: null });
    expect(await fixture.runsOf('manual')).toEqual([]);
  });

  it('is mitigated by the first healthy fallback that has the missing symbols', async () => {
    await failingQuotes('coingecko', ['bitcoin']);
    await request('coingecko');
    await deliver();
    await endCanary(down);
    await deliver();
    expect(await fixture.runsOf('fallback')).toMatchObject([{ sourceId: 'yahoo', tasks: [['BTC-USD']] }]);
    expect((await found()).steps.at(-1)).toMatchObject({ detail: 'Asks Yahoo Finance for 1 symbols.' });
    await fixture.endTasks((await found()).fallback?.runId ?? '', [fresh()]);
    await deliver();
    expect(await found()).toMatchObject({ status: 'mitigated', reason: 'down', fallback: { sourceId: 'yahoo' } });
    expect(await stepsOf()).toEqual(['half_open_breaker skipped', 'canary failed', 'fallback done']);
  });

  it('is failed with the failure of its canary, whatever its words, when the fallback brings nothing', async () => {
    await failingQuotes('coingecko', ['bitcoin'], blocked);
    await request('coingecko');
    await deliver();
    await endCanary(blocked);
    await deliver();
    await fixture.endTasks((await found()).fallback?.runId ?? '', [{ ...down, reason: 'timeout' }]);
    await deliver();
    expect(await found()).toMatchObject({ status: 'failed', reason: 'blocked', message: blocked.message });
    const { steps } = await found();
    expect(steps.find(({ name }) => name === 'canary')?.failure).toEqual(blocked);
    expect(steps.at(-1)).toMatchObject({ status: 'failed', detail: 'yahoo did not help: timeout.' });
  });

  it('is failed without another source where there is none, and takes selectors back that did not help', async () => {
    const drift: Failure = { reason: 'schema_drift', detail: { code: 'table_missing' }, message: 'x' };
    await fixture.openIncident({
      sourceId: 'slickcharts',
      reason: 'schema_drift',
      job: 'none',
      count: 1,
      openedAt: new Date(now),
    });
    await request('slickcharts');
    await deliver();
    expect(await fixture.selectorsOf('slickcharts')).toBe('main');
    expect(scrapes()).toMatchObject([{ messages: [{ fresh: true }] }]);
    await endCanary(drift);
    await deliver();
    expect(await fixture.selectorsOf('slickcharts')).toBe('alternative');
    expect(scrapes()).toHaveLength(2);
    await endCanary(drift);
    await deliver();
    expect(await found()).toMatchObject({ status: 'failed', reason: 'schema_drift' });
    expect((await stepsOf()).slice(-4)).toEqual([
      'canary failed',
      'other_selectors done',
      'second_canary failed',
      'fallback skipped',
    ]);
    expect(await fixture.selectorsOf('slickcharts')).toBe('main');
  });

  it('is failed when the canary brings only old rows', async () => {
    await fixture.listing({
      namespace: 'yahoo',
      symbol: 'AAPL',
      canonical: 'AAPL',
      mic: 'XNAS',
      zone: 'America/New_York',
    });
    await request('yahoo');
    await deliver();
    await endCanary({ accepted: 1, newestAsOf: new Date('2026-11-24T15:29:00Z') });
    await deliver();
    expect(await found()).toMatchObject({ status: 'failed', reason: 'stale' });
    expect((await found()).steps.find(({ name }) => name === 'canary')?.failure?.detail).toEqual({
      code: 'canary_old',
      newest: '2026-11-24T15:29:00Z',
      expected: '2026-11-24T15:30:00Z',
    });
  });

  it('is failed when its canary has no outcome in time', async () => {
    await request('yahoo');
    await deliver();
    await setClock(start + (canaryPatienceSeconds - 1) * 1000);
    await deliver();
    expect(await found()).toMatchObject({ status: 'running' });
    await setClock(start + canaryPatienceSeconds * 1000);
    await deliver();
    expect(await found()).toMatchObject({ status: 'failed', reason: 'timeout' });
  });

  it('of a source that is no longer in the catalogue is failed at once', async () => {
    await request('gone');
    await deliver();
    expect(await found()).toMatchObject({ status: 'failed', reason: 'unexplained', steps: [] });
    expect(sent).toEqual([]);
  });
});

describe('a recovery that must wait', () => {
  it('requeues its message for when a permit is available, and says what it waits for', async () => {
    await fixture.source('yahoo', { status: 'limited', heldUntil: new Date(start + 45_000) });
    await request('yahoo');
    await deliver();
    expect(requeued()).toBe(45);
    expect((await found()).steps.at(-1)).toMatchObject({
      name: 'canary',
      status: 'running',
      detail: 'Waits for a permit: the source asked for a pause.',
    });
    expect(scrapes()).toEqual([]);
    await setClock(start + 45_000);
    await deliver();
    expect(scrapes()).toHaveLength(1);
  });

  it('is failed without a request when no permit is available in its time', async () => {
    await fixture.source('yahoo', { status: 'limited', heldUntil: new Date(start + 3_600_000) });
    await request('yahoo');
    await deliver();
    expect(await found()).toMatchObject({ status: 'failed', reason: 'rate_limited', canaryRunId: null });
    expect(sent).toEqual([]);
  });

  it('looks each second at first, later each five, and less often at a canary that waits for its quota', async () => {
    await request('yahoo');
    await deliver();
    expect(requeued()).toBe(1);
    await setClock(start + 30_000);
    await deliver();
    expect(requeued()).toBe(5);
    const run = fixture.surroundings.runs.get((await found()).canaryRunId ?? '');
    if (run) run.waitsUntil = now + 40_000;
    await deliver();
    expect(requeued()).toBe(15);
  });

  it('waits while its service is stopped', async () => {
    await fixture.stopService();
    await request('yahoo');
    await deliver();
    expect(sent).toEqual([{ queue: 'recoveries', messages: [{ recoveryId }], delaySeconds: 30 }]);
    expect(await found()).toMatchObject({ status: 'pending' });
  });
});

describe('a recovery that is delivered again', () => {
  it('is left to the worker that has it', async () => {
    await request('yahoo');
    await fixture.store.take(recoveryId, 'another');
    await deliver();
    expect(sent).toEqual([]);
    expect(await found()).toMatchObject({ status: 'pending' });
  });

  it('goes on from its stored steps: each is done once, and one canary is planned', async () => {
    await failingQuotes('yahoo', ['AAPL'], blocked);
    await request('yahoo');
    for (let delivery = 0; delivery < 3; delivery++) await deliver();
    expect(fixture.surroundings.source('yahoo').budget).toMatchObject({ factor: 0.5 });
    expect(await fixture.runsOf('canary')).toHaveLength(1);
    expect(scrapes()).toHaveLength(1);
  });

  it('does nothing when it has ended', async () => {
    await request('gone');
    await deliver();
    const before = await found();
    await deliver();
    expect(await found()).toEqual(before);
    expect(sent).toEqual([]);
  });

  const interrupted = async (operation: keyof RecoveryStore) => {
    await expect(
      deliver({
        [operation]: async () => {
          throw new Error('The worker died.');
        },
      }),
    ).rejects.toThrow('The worker died.');
  };

  it.each(['begin', 'beginStep', 'repair', 'planCanary', 'markSent', 'runProgress'] as const)(
    'resumes after a worker that died at %s, which gave its lease back',
    async (operation) => {
      await failingQuotes('yahoo', ['AAPL'], blocked);
      await request('yahoo');
      await interrupted(operation);
      expect(sent.filter(({ queue }) => queue === 'recoveries')).toEqual([]);
      await deliver();
      await endCanary(fresh());
      await deliver();
      expect(await found()).toMatchObject({ status: 'verified' });
      expect(fixture.surroundings.source('yahoo').budget).toMatchObject({ factor: 0.5 });
      expect(await fixture.runsOf('canary')).toHaveLength(1);
    },
  );

  it('resumes after a worker that died with the proof in its hands: step and recovery end together', async () => {
    await request('yahoo');
    await deliver();
    await endCanary(fresh());
    await interrupted('finishVerified');
    expect(await stepsOf()).toContain('canary running');
    await deliver();
    expect(await found()).toMatchObject({ status: 'verified' });
  });

  it('ends once, though a worker that lost its lease goes on', async () => {
    await request('yahoo');
    await deliver();
    await endCanary(fresh());
    const finishVerified: RecoveryStore['finishVerified'] = async (...end) => {
      // It sleeps past its lease; another worker takes the recovery to its end.
      await setClock(now + 60_000);
      await deliver();
      await setClock(now + 60_000);
      await fixture.store.finishVerified(...end);
    };
    await deliver({ finishVerified });
    expect(await found()).toMatchObject({ status: 'verified', finishedAt: new Date(start + 60_000) });
    expect(await fixture.published()).toEqual(['recovery.started', 'recovery.finished']);
  });
});

describe("the proxy's recovery", () => {
  const symbol = catalogue.find(({ id }) => id === 'yahoo')?.canarySymbol ?? '';
  const { key } = quoteQuestion(symbol);

  it('flushes, lifts the pause, and is verified by the next heartbeat', async () => {
    await fixture.pauseProxy('down', new Date(start + 600_000));
    await fixture.answer('old', { at: new Date(start), failure: null });
    await request(proxyId);
    await deliver();
    expect(await stepsOf()).toEqual(['flush_cache done', 'lift_pause done', 'heartbeat running']);
    expect(requeued()).toBe(5);
    await fixture.answer(key, { at: new Date(start + 1), failure: null });
    await deliver();
    expect(await found()).toMatchObject({ status: 'verified', reason: 'down', strategy: 'flush' });
  });

  it('is failed with the reason of the heartbeat', async () => {
    await request(proxyId);
    await deliver();
    await fixture.answer(key, { at: new Date(start + 1), failure: 'blocked' });
    await deliver();
    expect(await found()).toMatchObject({ status: 'failed', reason: 'blocked' });
    expect((await found()).steps.at(-1)?.failure?.detail).toEqual({ code: 'heartbeat_failed', because: 'blocked' });
  });

  it('is failed when none comes in time, for the pause if there is one', async () => {
    await fixture.pauseProxy('rate_limited', new Date(start + 3_600_000));
    await request(proxyId);
    await deliver();
    await setClock(start + heartbeatPatienceSeconds * 1000);
    await deliver();
    expect(await found()).toMatchObject({ status: 'failed', reason: 'rate_limited', strategy: 'ask less' });
  });

  it('is failed as a timeout without a pause', async () => {
    await request(proxyId);
    await deliver();
    await setClock(start + heartbeatPatienceSeconds * 1000);
    await deliver();
    expect(await found()).toMatchObject({ status: 'failed', reason: 'timeout' });
  });
});

it('a recovery whose database went away goes on when it is back, though its lease was not returned', async () => {
  await request('yahoo');
  const away = () => Promise.reject(Object.assign(new Error('x'), { code: '57P01' }));
  await expect(deliver({ find: away, release: away })).rejects.toThrow('x');
  await requeueHeld({ recoveryId }, 15, queue);
  expect(sent).toEqual([{ queue: 'recoveries', messages: [{ recoveryId }], delaySeconds: expect.any(Number) }]);
  await setClock(start + (requeued() ?? 0) * 1000);
  await deliver();
  expect(await stepsOf()).not.toEqual([]);
});
