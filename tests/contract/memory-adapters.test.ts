import { describe } from 'vitest';
import { memoryMessageQueue } from '../../core/adapters/memory/message-queue.ts';
import { memoryRawStore } from '../../core/adapters/memory/raw-store.ts';
import { messageQueueSuite } from '../support/message-queue-suite.ts';
import { rawStoreSuite } from '../support/raw-store-suite.ts';

describe('raw blobs in memory', () => {
  rawStoreSuite(() => {
    const store = memoryRawStore();
    return {
      store,
      async damage(key, bytes) {
        store.blobs.set(key, bytes);
      },
    };
  });
});

describe('queues in memory', () => {
  messageQueueSuite(() => {
    const queue = memoryMessageQueue();
    return { queue, drain: async () => queue.take('test') };
  });
});
