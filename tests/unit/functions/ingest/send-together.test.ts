import { expect, it } from 'vitest';
import type { MessageQueue } from '../../../../core/ports/message-queue.ts';
import { sendTogether } from '../../../../functions/ingest/send-together.ts';

/** A queue that notes its calls, and refuses those to a name. */
function noting(refused?: string) {
  const calls: [string, readonly unknown[], number | undefined][] = [];
  const queue: MessageQueue = {
    async send(to, messages, delaySeconds) {
      if (to === refused) throw new Error(`${to} is away`);
      calls.push([to, messages, delaySeconds]);
    },
  };
  return { queue, calls };
}

it('messages to one name are sent in one call at the end, all others at once', async () => {
  const { queue, calls } = noting();
  const together = sendTogether(queue, 'outcomes');
  await together.send('outcomes', ['a']);
  await together.send('events', ['bell'], 1);
  await together.send('outcomes', ['b', 'c']);
  expect(calls).toEqual([['events', ['bell'], 1]]);
  await together.sendKept();
  expect(calls.slice(1)).toEqual([['outcomes', ['a', 'b', 'c'], undefined]]);
});

it('nothing is sent twice, and nothing at all where nothing is kept', async () => {
  const { queue, calls } = noting();
  const together = sendTogether(queue, 'outcomes');
  await together.send('outcomes', ['a']);
  await together.sendKept();
  await together.sendKept();
  expect(calls).toHaveLength(1);
});

it('a refusal is heard by whoever ends the batch, and what is read again is sent once', async () => {
  const { queue } = noting('outcomes');
  const together = sendTogether(queue, 'outcomes');
  await together.send('outcomes', ['a']);
  await expect(together.sendKept()).rejects.toThrow('outcomes is away');
  await expect(together.sendKept()).resolves.toBeUndefined();
});

it('a message with a delay is sent at once: the rest of the batch has none', async () => {
  const { queue, calls } = noting();
  await sendTogether(queue, 'outcomes').send('outcomes', ['a'], 30);
  expect(calls).toEqual([['outcomes', ['a'], 30]]);
});
