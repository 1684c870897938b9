import type { SQSEvent } from 'aws-lambda';
import { describe, expect, it } from 'vitest';
import { queueLoad } from '../support/load-through-queue.ts';
import { failedOf } from '../support/simulated-queue.ts';
import { useWorld } from '../support/use-world.ts';

const world = useWorld({ connections: 4 });
const item = (itemIdentifier: unknown) => ({ batchItemFailures: [{ itemIdentifier }] });

/** What AWS documents as a failure of the whole batch. */
const failures: readonly [string, (event: SQSEvent) => unknown][] = [
  ['is no object', () => 'done'],
  ['names a message of another batch', () => item('another')],
  ['has an empty name', () => item('')],
  ['has a name that is null', () => item(null)],
  ['has its name under another key', ({ Records }) => ({ batchItemFailures: [{ id: Records[0]?.messageId }] })],
  ['has no list where one should be', () => ({ batchItemFailures: 'none' })],
];

describe('an answer of ingest, read as Lambda does,', () => {
  it('that says oddly which messages failed brings its batch again, and nothing is stored twice [fault 24]', async () => {
    const left = [...failures];
    const load = await queueLoad(world.pool, {
      ticks: 4,
      containers: 2,
      batchSize: 2,
      // All of the batch was stored, and Lambda does not know it. Each kind once.
      distorted: (answer, event) => left.shift()?.[1](event) ?? answer,
    });
    await load.read(world.databaseUrl);
    expect(left).toEqual([]);
    expect(load.counts.failed).toBe(0);
    expect(load.counts.done).toBeGreaterThanOrEqual(load.load.length + failures.length);
    expect(load.counts.receives).toBe(load.counts.done);
    await load.expectStored();
  });

  it('fails for those that it names, and for none where it has no list', () => {
    const event = { Records: ['a', 'b'].map((messageId) => ({ messageId })) } as SQSEvent;
    expect(failedOf(event, item('b'))).toEqual([{ itemIdentifier: 'b' }]);
    for (const answer of [null, undefined, {}, { batchItemFailures: null }, { batchItemFailures: [] }])
      expect(failedOf(event, answer)).toEqual([]);
    for (const [what, odd] of failures) expect(failedOf(event, odd(event)), what).toHaveLength(2);
  });
});
