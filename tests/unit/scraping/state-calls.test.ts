import { beforeEach, describe, expect, it } from 'vitest';
import { memoryMessageQueue } from '../../../core/adapters/memory/message-queue.ts';
import { memoryRawStore } from '../../../core/adapters/memory/raw-store.ts';
import { memoryState } from '../../../core/adapters/memory/state.ts';
import { createSealer } from '../../../core/auth/seal.ts';
import type { Session } from '../../../core/auth/session.ts';
import { sessionKeeper } from '../../../core/auth/session-keeper.ts';
import type { ScrapeMessage } from '../../../core/contracts/messages.ts';
import type { StateRequest, StateResponses } from '../../../core/contracts/state.ts';
import { permitSeconds } from '../../../core/planning/permits.ts';
import type { State } from '../../../core/ports/state.ts';
import { type ScrapeSource, scrapeTask } from '../../../core/scraping/scrape-task.ts';
import { alphaVantage } from '../../../core/sources/alpha-vantage/source.ts';
import type { SourceDefinition } from '../../../core/sources/definition.ts';
import { yahoo } from '../../../core/sources/yahoo/source.ts';

/** How often a task calls `state`, each call of which is an invocation of a Lambda. */

const start = Date.parse('2026-11-24T16:00:00Z');
const sealer = createSealer('a secret');
const session: Session = {
  headers: {},
  query: { crumb: 'crumb-of-a-session' },
  storageState: null,
  expiresAt: new Date(start + 3_600_000).toISOString(),
};

/** Answers without a failure, as short as they can be. */
const bodies: Readonly<Record<string, unknown>> = {
  yahoo: {
    chart: {
      result: [
        {
          meta: {
            symbol: 'AAPL',
            currency: 'USD',
            exchangeName: 'NMS',
            exchangeTimezoneName: 'America/New_York',
            instrumentType: 'EQUITY',
            dataGranularity: '1d',
          },
          indicators: { quote: [{}] },
        },
      ],
      error: null,
    },
  },
  'alpha-vantage': { 'Global Quote': { '01. symbol': 'SYM' } },
};

let clock: number;
/** The ops of the calls, in order. */
let calls: string[];
/** How many permits each `takePermits` of the task was for. */
let counts: number[];
/** When each upstream request was made. */
let requests: number[];
/** What the next requests come to; 200 when there is none. */
let statuses: number[];
beforeEach(() => {
  clock = start;
  calls = [];
  counts = [];
  requests = [];
  statuses = [];
});

const pass = async (ms: number) => {
  clock += Math.ceil(ms);
};

/**
 * State in memory that counts its calls, and lets a task begin as the database does when its quota has room. `others` takes
 * permits beside it, uncounted.
 */
function countingState(source: SourceDefinition, stored = true): State & { others(count: number): Promise<void> } {
  const memory = memoryState(() => clock);
  const sealed = { sealed: sealer.seal(JSON.stringify(session), source.id), expiresAt: session.expiresAt };
  return {
    async others(count) {
      await memory.call({ op: 'takePermits', sourceId: source.id, count, purpose: 'task' });
    },
    async call<Op extends StateRequest['op']>(request: Extract<StateRequest, { op: Op }>): Promise<StateResponses[Op]> {
      calls.push(request.op);
      if ('count' in request && typeof request.count === 'number') counts.push(request.count);
      if (request.op !== 'beginAttempt') return memory.call(request);
      const { permits } = stored
        ? await memory.call({ op: 'takePermits', sourceId: source.id, count: 1, purpose: 'task' })
        : { permits: [] };
      const begun: StateResponses['beginAttempt'] = {
        go: true,
        attempt: 1,
        permits,
        session: stored ? sealed : null,
        selectors: 'main',
      };
      return begun as StateResponses[Op];
    },
  };
}

async function scrape(source: SourceDefinition, state: State, symbols: number, requestMs = 100) {
  const sessions = sessionKeeper(
    source.id,
    state,
    sealer,
    async () => session,
    () => clock,
    pass,
  );
  const ready: ScrapeSource = {
    id: source.id,
    address: { url: (path) => new URL(path, 'https://source.invalid'), allowPrivate: false, origins: [] },
    upstream: async ({ url }) => {
      requests.push(clock);
      clock += requestMs;
      const response = {
        status: statuses.shift() ?? 200,
        headers: {},
        body: JSON.stringify(bodies[source.id]),
        truncated: false,
      };
      return { response, error: null, setCookies: [], url, latencyMs: requestMs };
    },
    sessions,
    headers: {},
    quota: source.quota,
  };
  const task: ScrapeMessage = {
    runId: '7b2f6c8e-1111-5111-8111-111111111111',
    part: 0,
    sourceId: source.id,
    job: source === yahoo ? 'daily-bars' : 'quotes',
    kind: source === yahoo ? 'bars' : 'quotes',
    symbols: Array.from({ length: symbols }, (_, index) => `SYM${index}`),
  };
  const queue = memoryMessageQueue();
  const blobs = memoryRawStore();
  await scrapeTask(task, {
    source: ready, state, blobs, queue, now: () => clock, worker: 'test', wait: pass,
    backoff: { initialMs: 1, maxMs: 2 },
  }); // biome-ignore format: the wiring at a glance
  const [outcome] = queue.take('outcomes');
  return outcome;
}

describe('a task whose source has no gap and a large day', () => {
  it('with one request calls once', async () => {
    expect(await scrape(yahoo, countingState(yahoo), 1)).toMatchObject({ ok: true, requests: 1 });
    expect(calls).toEqual(['beginAttempt']);
  });

  it.each([2, 10, 40])('with %i requests calls twice', async (symbols) => {
    expect(await scrape(yahoo, countingState(yahoo), symbols)).toMatchObject({ ok: true, requests: symbols });
    expect(calls).toEqual(['beginAttempt', 'takePermits']);
  });

  it('calls once more for a wait', async () => {
    const state = countingState(yahoo);
    await state.others(yahoo.quota.perMinute - 5);
    clock += 40_000;
    expect(await scrape(yahoo, state, 10)).toMatchObject({ ok: true, requests: 10 });
    expect(calls).toEqual(['beginAttempt', 'takePermits', 'takePermits']);
  });

  it('calls once more for each retry that finds no permit in hand', async () => {
    statuses = [200, 500];
    expect(await scrape(yahoo, countingState(yahoo), 3)).toMatchObject({ ok: true, requests: 4 });
    expect(calls).toEqual(['beginAttempt', 'takePermits', 'takePermits']);
  });

  it('makes no request with a permit that is over, and takes others', async () => {
    expect(await scrape(yahoo, countingState(yahoo), 4, permitSeconds * 1000 * 0.6)).toMatchObject({ requests: 4 });
    // The first of its own, two of three, then the last one again.
    expect(calls).toEqual(['beginAttempt', 'takePermits', 'takePermits']);
  });

  it.each([
    [1_500, [4, 1]],
    [4_000, [2, 2, 1]],
    [6_000, [1, 1, 1, 1, 1]],
  ])('whose requests take %i ms takes no permit that would be over before its request', async (requestMs, taken) => {
    expect(await scrape(yahoo, countingState(yahoo), 6, requestMs)).toMatchObject({ ok: true, requests: 6 });
    expect(counts).toEqual(taken);
  });

  it('retries with what it was promised, and takes more after that only', async () => {
    statuses = [500];
    expect(await scrape(yahoo, countingState(yahoo), 10)).toMatchObject({ ok: true, requests: 11 });
    expect(counts).toEqual([9, 1]);
  });

  it('takes its permits after the login where no session is stored', async () => {
    expect(await scrape(yahoo, countingState(yahoo, false), 3)).toMatchObject({ ok: true, requests: 3 });
    expect(calls).toEqual(['beginAttempt', 'acquireRenewal', 'getSession', 'putSession', 'takePermits']);
  });
});

describe('a task whose source wants a gap, or has a small day', () => {
  const { gapMs = 0, perMinute } = alphaVantage.quota;

  it('takes one permit at a time, waits for the gap without a call, and wastes none', async () => {
    expect(await scrape(alphaVantage, countingState(alphaVantage), perMinute)).toMatchObject({ requests: perMinute });
    expect(calls).toEqual(['beginAttempt', ...Array(perMinute - 1).fill('takePermits')]);
    for (const [place, at] of requests.entries())
      if (place > 0) expect(at - (requests[place - 1] ?? 0)).toBeGreaterThanOrEqual(gapMs);
  });

  it('calls once more for a wait', async () => {
    const state = countingState(alphaVantage);
    await state.others(perMinute - 1);
    clock += 40_000;
    expect(await scrape(alphaVantage, state, 2)).toMatchObject({ ok: true, requests: 2 });
    expect(calls).toEqual(['beginAttempt', 'takePermits', 'takePermits']);
  });
});
