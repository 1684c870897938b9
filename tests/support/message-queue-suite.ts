import { expect, it } from 'vitest';
import type { MessageQueue } from '../../core/ports/message-queue.ts';

/** What every `MessageQueue` must do. `drain` takes all messages that lie in the queue `test`. */
export function messageQueueSuite(
  make: () => { queue: MessageQueue; drain(expected: number): Promise<unknown[]> },
): void {
  it('delivers more messages than one call of the transport takes, as they were', async () => {
    const { queue, drain } = make();
    const messages = Array.from({ length: 23 }, (_, index) => ({ index, text: 'Ørsted \u0007' }));
    await queue.send('test', messages);
    const received = await drain(messages.length);
    expect(received).toHaveLength(messages.length);
    expect(received).toEqual(expect.arrayContaining(messages));
  });

  it('sends nothing when there is nothing', async () => {
    const { queue, drain } = make();
    await queue.send('test', []);
    expect(await drain(0)).toEqual([]);
  });
}
