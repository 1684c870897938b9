import { beforeEach, expect, it } from 'vitest';
import { memoryMessageQueue } from '../../../core/adapters/memory/message-queue.ts';
import { memoryRawStore } from '../../../core/adapters/memory/raw-store.ts';
import { memoryState } from '../../../core/adapters/memory/state.ts';
import { timeoutSeconds } from '../../../core/contracts/functions.ts';
import { outcomeMessageSchema } from '../../../core/contracts/messages.ts';
import type { StateRequest, StateResponses } from '../../../core/contracts/state.ts';
import type { State } from '../../../core/ports/state.ts';
import { scrapeTask } from '../../../core/scraping/scrape-task.ts';
import { slickcharts } from '../../../core/sources/slickcharts/source.ts';

/*
 * A page that asks for further parts of its table, each 500 ms after the one before, at a source that gives 12 requests a
 * minute.
 */
const start = Date.parse('2026-11-24T16:00:00Z');
let clock: number;
beforeEach(() => {
  clock = start;
});
const pass = async (ms: number) => {
  clock += Math.ceil(ms);
};

function permitting(): State {
  const memory = memoryState(() => clock);
  return {
    async call<Op extends StateRequest['op']>(request: Extract<StateRequest, { op: Op }>): Promise<StateResponses[Op]> {
      if (request.op !== 'beginAttempt') return memory.call(request);
      const { permits } = await memory.call({ op: 'takePermits', sourceId: slickcharts.id, count: 1, purpose: 'task' });
      const begun: StateResponses['beginAttempt'] = { go: true, attempt: 1, permits, session: null, selectors: 'main' };
      return begun as StateResponses[Op];
    },
  };
}

/** How many further parts a page got of those that it wanted, and why no more. */
async function read(wanted: number) {
  let parts = 0;
  const queue = memoryMessageQueue();
  await scrapeTask(
    {
      ...{ runId: '0b5c1a4e-5b1e-5c1f-9c55-6a1c7d1b2a10', part: 0, sourceId: 'slickcharts', job: 'constituents' },
      ...{ kind: 'constituents', symbols: ['sp500'], canary: false, fresh: false, dueAt: '2026-11-24T16:00:00Z' },
    },
    {
      state: permitting(),
      queue,
      blobs: memoryRawStore(),
      now: () => clock,
      worker: 'test',
      wait: pass,
      backoff: { initialMs: 1, maxMs: 1 },
      source: {
        id: 'slickcharts',
        sessions: null,
        headers: {},
        quota: slickcharts.quota,
        address: {
          origins: ['https://x.example'],
          allowPrivate: false,
          url: (path) => new URL(path, 'https://x.example'),
        },
        async upstream({ url, more }) {
          for (; parts < wanted && (await more?.()); parts++) await pass(500);
          return { response: null, error: { code: 'timeout', message: '' }, setCookies: [], url, latencyMs: 1 };
        },
      },
    },
  );
  const [outcome] = queue.take('outcomes').map((message) => outcomeMessageSchema.parse(message));
  return { parts, outcome, seconds: (clock - start) / 1000 };
}

it('gets 20 of them, though a minute has 12: it waits for the next', async () => {
  const { parts, seconds } = await read(20);
  expect(parts).toBe(20);
  expect(seconds).toBeGreaterThan(60);
});

it('gets no more than the function has time for, and says so', async () => {
  const { parts, seconds, outcome } = await read(1_000);
  expect(parts).toBeGreaterThan(20);
  expect(outcome).toMatchObject({ ok: false, reason: 'quota_exhausted', detail: { code: 'minute_quota' } });
  // A page's own time, and a picture of it, are still to come.
  expect(seconds).toBeLessThan(timeoutSeconds['scrape-browser'] - 30);
});
