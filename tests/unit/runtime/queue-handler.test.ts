import type { Context, SQSEvent } from 'aws-lambda';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { DatabaseConnectionError } from '../../../core/ports/database-unavailable.ts';
import { handleQueue, isQueueEvent } from '../../../core/runtime/queue-handler.ts';

const schema = z.object({ key: z.string(), heldSince: z.iso.datetime().optional() });
const context = { awsRequestId: 'request' } as Context;

function batch(...bodies: string[]): SQSEvent {
  return {
    Records: bodies.map((body, index) => ({
      messageId: `m${index}`,
      receiptHandle: 'r',
      body,
      attributes: {
        ApproximateReceiveCount: '1',
        SentTimestamp: '0',
        SenderId: 's',
        ApproximateFirstReceiveTimestamp: '0',
      },
      messageAttributes: {},
      md5OfBody: '',
      eventSource: 'aws:sqs',
      eventSourceARN: 'arn:aws:sqs:us-east-1:000000000000:ingest',
      awsRegion: 'us-east-1',
    })),
  };
}

/** Reads a batch, and gives what `requeue` was called with beside the answer. */
async function read(event: SQSEvent, handle: (key: string) => Promise<void>, now = () => 60_000) {
  const requeued: { key: string; heldSince: string | undefined; delay: number }[] = [];
  const answer = await handleQueue(event, context, schema, {
    handle: ({ key }) => handle(key),
    requeue: async ({ key, heldSince }, delay) => {
      requeued.push({ key, heldSince, delay });
    },
    now,
  });
  return { failed: answer.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier), requeued };
}

const away = () => Object.assign(new Error('the database system is shutting down'), { code: '57P03' });

it('a message that fails goes back alone, the rest of its batch is done [fault 23]', async () => {
  const done: string[] = [];
  const { failed, requeued } = await read(batch('{"key":"a"}', '{"key":"boom"}', '{"key":"c"}'), async (key) => {
    if (key === 'boom') throw new Error('a fault of ours');
    done.push(key);
  });
  expect(done).toEqual(['a', 'c']);
  expect(failed).toEqual(['m1']);
  expect(requeued).toEqual([]);
});

it.each(['', 'not json', '{"key":1}', 'null', '{"other":"x"}'])(
  'a malformed message (%j) goes back alone and reaches nobody [fault 22]',
  async (body) => {
    const done: string[] = [];
    const { failed } = await read(batch(body, '{"key":"b"}'), async (key) => {
      done.push(key);
    });
    expect(done).toEqual(['b']);
    expect(failed).toEqual(['m0']);
  },
);

it.each<[string, () => unknown]>([
  ['null', () => null],
  ['undefined', () => undefined],
  ['a text', () => 'no error'],
  ['an object without a prototype', () => Object.create(null)],
  ['an error whose message throws', () => Object.defineProperty(new Error('x'), 'message', { get: () => raise() })],
  ['an error whose stack throws', () => Object.defineProperty(new Error('x'), 'stack', { get: () => raise() })],
  ['an error with a message that is no text', () => Object.assign(new Error('x'), { message: { toString: null } })],
  ['an error that causes itself', () => Object.assign(new Error('x'), { cause: null })],
  ['a revoked proxy', revokedProxy],
])('%s that is thrown on item 3 of 10 sends back exactly that item [fault 23]', async (_what, thrown) => {
  const done: string[] = [];
  let threw = 0;
  const bodies = Array.from({ length: 10 }, (_, n) => JSON.stringify({ key: `m${n}` }));
  const { failed } = await read(batch(...bodies), async (key) => {
    if (key !== 'm2') return void done.push(key);
    threw += 1;
    throw thrown();
  });
  expect(threw).toBe(1);
  expect(failed).toEqual(['m2']);
  expect(done).toHaveLength(9);
});

function raise(): never {
  throw new Error('This cannot be read.');
}

function revokedProxy(): unknown {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

it('where the end of a batch fails, its handled messages go back, and those that had failed already', async () => {
  const answerOf = async (finish: () => Promise<void>) => {
    const answer = await handleQueue(batch('{"key":"a"}', '{"key":"boom"}', '{"key":"c"}'), context, schema, {
      handle: async ({ key }) => {
        if (key === 'boom') throw new Error('a fault of ours');
      },
      requeue: async () => undefined,
      finish,
    });
    return answer.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier).sort();
  };
  expect(await answerOf(async () => undefined)).toEqual(['m1']);
  expect(await answerOf(() => Promise.reject(new Error('the queue is away')))).toEqual(['m0', 'm1', 'm2']);
});

it('a batch ends once, after its last message', async () => {
  const done: string[] = [];
  await handleQueue(batch('{"key":"a"}', '{"key":"b"}'), context, schema, {
    handle: async ({ key }) => done.push(key),
    requeue: async () => undefined,
    finish: async () => void done.push('end'),
  });
  expect(done).toEqual(['a', 'b', 'end']);
});

it('when all fail, all go back: the handler itself does not fail', async () => {
  const { failed } = await read(batch('x', 'y'), async () => undefined);
  expect(failed).toEqual(['m0', 'm1']);
});

describe('while the database is away', () => {
  it('messages are held and not failed, and of a batch only the first waits for it', async () => {
    const tried: string[] = [];
    const { failed, requeued } = await read(batch('{"key":"a"}', '{"key":"b"}', 'malformed'), async (key) => {
      tried.push(key);
      throw away();
    });
    expect(tried).toEqual(['a']);
    // What is wrong with the message itself is no trouble of the database.
    expect(failed).toEqual(['m2']);
    // However long it had waited for its turn before. What was not tried comes back earlier, and so without the other.
    const heldSince = new Date(60_000).toISOString();
    expect(requeued).toEqual([
      { key: 'a', heldSince, delay: 15 },
      { key: 'b', heldSince, delay: 8 },
    ]);
  });

  it('a connection to it that is refused holds a message; one to a bucket or a queue costs a try', async () => {
    const refused = 'connect ECONNREFUSED';
    const ofDatabase = await read(batch('{"key":"a"}'), () =>
      Promise.reject(new DatabaseConnectionError(refused, 'ECONNREFUSED')),
    );
    expect(ofDatabase).toMatchObject({ failed: [], requeued: [{ key: 'a' }] });
    const tried: string[] = [];
    const ofBucket = await read(batch('{"key":"a"}', '{"key":"b"}'), async (key) => {
      tried.push(key);
      throw Object.assign(new Error(refused), { code: 'ECONNREFUSED' });
    });
    expect(ofBucket).toEqual({ failed: ['m0', 'm1'], requeued: [] });
    expect(tried, 'and the others are tried').toEqual(['a', 'b']);
  });

  it('a message knows since when it is held, is tried often at first, and after six hours loses its tries', async () => {
    const heldSince = new Date(1_000_000).toISOString();
    const at = async (ms: number) =>
      read(
        batch(JSON.stringify({ key: 'a', heldSince })),
        () => Promise.reject(away()),
        () => 1_000_000 + ms,
      );
    expect((await at(0)).requeued).toEqual([{ key: 'a', heldSince, delay: 15 }]);
    expect((await at(40_000)).requeued).toEqual([{ key: 'a', heldSince, delay: 40 }]);
    expect((await at(5 * 3_600_000)).requeued).toEqual([{ key: 'a', heldSince, delay: 60 }]);
    expect(await at(6 * 3_600_000)).toEqual({ failed: ['m0'], requeued: [] });
  });

  it('a date in the future holds a message no longer than one of now', async () => {
    const future = new Date(9_000_000).toISOString();
    const { requeued } = await read(batch(JSON.stringify({ key: 'a', heldSince: future })), () =>
      Promise.reject(away()),
    );
    expect(requeued).toEqual([{ key: 'a', heldSince: new Date(60_000).toISOString(), delay: 15 }]);
  });

  it('what is sent on is no longer held', async () => {
    let seen: unknown;
    await handleQueue(batch(`{"key":"a","heldSince":"2026-11-22T10:00:00Z"}`), context, schema, {
      handle: async (message) => {
        seen = JSON.parse(JSON.stringify(message));
      },
      requeue: async () => undefined,
    });
    expect(seen).toEqual({ key: 'a' });
  });

  it('a message that its queue does not take either goes back', async () => {
    const answer = await handleQueue(batch('{"key":"a"}'), context, schema, {
      handle: () => Promise.reject(away()),
      requeue: () => Promise.reject(new Error('no queue')),
    });
    expect(answer.batchItemFailures).toEqual([{ itemIdentifier: 'm0' }]);
  });
});

it('tells a batch of a queue from a tick', () => {
  expect(isQueueEvent(batch('{}'))).toBe(true);
  expect(isQueueEvent({ time: '2026-11-22T10:00:00Z' })).toBe(false);
  expect(isQueueEvent({ Records: [{ eventSource: 'aws:s3' }] })).toBe(false);
});
