import { expect, it } from 'vitest';
import { memoryMessageQueue } from '../../../core/adapters/memory/message-queue.ts';
import type { LostAttempt, OutcomeStore, UnreadAttempt } from '../../../core/ports/outcome-store.ts';
import { findLostBlobs } from '../../../functions/monitor/find-lost-blobs.ts';

const attempts = Array.from({ length: 20 }, (_, part) => ({
  runId: '018f2c3a-0000-7000-8000-000000000000',
  part,
  attempt: 1,
  sourceId: 'yahoo',
  job: 'quotes',
  kind: 'quotes' as const,
}));
const lost: LostAttempt[] = attempts.map((of) => ({ ...of, startedAt: new Date(0) }));
const unread: UnreadAttempt[] = attempts.map((of) => ({ ...of, blobKey: `blob-${of.part}` }));

/** A store of attempts that notes which were looked at. */
function attemptStore(): { store: OutcomeStore; looked: number[] } {
  const looked: number[] = [];
  const not = () => Promise.reject(new Error('This is not asked for.'));
  return {
    looked,
    store: {
      recordScrape: not,
      endOverdue: not,
      closeLeft: not,
      judge: not,
      lostAttempts: async () => lost,
      unreadAttempts: async () => unread,
      endLostAttempt: async ({ part }) => void looked.push(part),
      noteSought: async ({ part }) => void looked.push(part),
    },
  };
}

const find = (store: OutcomeStore, has: () => Promise<boolean>, withinMs?: number) =>
  findLostBlobs(new Date(), { store, queue: memoryMessageQueue(), blobs: { has }, ...(withinMs && { withinMs }) });

it('looks for the blobs of all attempts where the bucket answers', async () => {
  const { store, looked } = attemptStore();
  await find(store, async () => false);
  expect(looked).toHaveLength(40);
});

it('begins no look any more when its time is over, and leaves the others to the next minute', async () => {
  const { store, looked } = attemptStore();
  let looks = 0;
  await find(
    store,
    async () => {
      looks++;
      await new Promise((resolve) => setTimeout(resolve, 20));
      return false;
    },
    30,
  );
  expect(looks).toBeGreaterThan(0);
  expect(looked.length).toBeGreaterThan(0);
  expect(looked.length).toBeLessThan(20);
});
