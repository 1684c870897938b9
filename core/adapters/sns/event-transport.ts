import { PublishBatchCommand, SNSClient } from '@aws-sdk/client-sns';
import { chunked } from '../../contracts/chunked.ts';
import type { OutgoingEvent } from '../../contracts/events/cloud-event.ts';
import type { EventTransport, SendResult } from '../../ports/event-transport.ts';

/** SNS takes as many messages in a call, and as many bytes in all of them. */
const mostMessages = 10;
const mostBytes = 256 * 1024 - 4 * 1024;

/** Calls at once. */
const callsAtOnce = 5;

/** A client that gives up in seconds: the next tick sends what was not taken. */
function impatientSns(): SNSClient {
  return new SNSClient({ maxAttempts: 2, requestHandler: { connectionTimeout: 2_000, requestTimeout: 5_000 } });
}

interface Message {
  readonly event: OutgoingEvent;
  readonly bytes: number;
}

/**
 * Events on an SNS FIFO topic: the key is the message group, the event's id the deduplication id. A call has one event of a
 * key at the most, because SNS may take a later entry of a call and not an earlier one. What is longer than a message may be
 * cannot be sent, and holds its key back: no event of ours comes near.
 */
export function snsEventTransport(topicArn: string, client = impatientSns()): EventTransport {
  async function publish(messages: readonly Message[]): Promise<SendResult> {
    try {
      const answer = await client.send(
        new PublishBatchCommand({
          TopicArn: topicArn,
          PublishBatchRequestEntries: messages.map(({ event }) => ({
            Id: event.id,
            Message: event.body,
            MessageGroupId: event.key,
            MessageDeduplicationId: event.id,
            MessageAttributes: {
              type: { DataType: 'String', StringValue: event.type },
              ...sourceAttribute(event),
            },
          })),
        }),
      );
      const failures = (answer.Failed ?? []).map(({ Code, Message: why }) => `${Code ?? 'refused'}: ${why ?? ''}`);
      return { sent: (answer.Successful ?? []).flatMap(({ Id }) => Id ?? []), failures };
    } catch (error) {
      return { sent: [], failures: [error instanceof Error ? `${error.name}: ${error.message}` : 'not taken'] };
    }
  }

  return {
    atOnce: 500,
    async send(events) {
      const sent: string[] = [];
      const failures: string[] = [];
      const waiting = Map.groupBy(events.map(messageOf), ({ event }) => event.key);
      // Wave by wave: the first waiting event of each key.
      while (waiting.size > 0) {
        const wave = [...waiting.values()].flatMap(([first]) => first ?? []);
        const taken = new Set<string>();
        for (const calls of chunked(callsOf(wave), callsAtOnce))
          for (const result of await Promise.all(calls.map(publish))) {
            for (const id of result.sent) taken.add(id);
            failures.push(...result.failures);
          }
        for (const { event } of wave) {
          const rest = waiting.get(event.key)?.slice(1) ?? [];
          // What comes after an event that was not taken waits with it.
          if (taken.has(event.id) && rest.length > 0) waiting.set(event.key, rest);
          else waiting.delete(event.key);
        }
        sent.push(...taken);
        // A topic that takes nothing is away: each further call would wait for it as long.
        if (taken.size === 0) break;
      }
      return { sent, failures };
    },
  };
}

/** By which followers filter; none of an event that is about no source. */
function sourceAttribute({ sourceId }: OutgoingEvent) {
  return sourceId === null ? {} : { sourceid: { DataType: 'String', StringValue: sourceId } };
}

function messageOf(event: OutgoingEvent): Message {
  return { event, bytes: Buffer.byteLength(event.body) + 256 };
}

/** Messages as the calls that take them. */
function callsOf(messages: readonly Message[]): Message[][] {
  const calls: Message[][] = [];
  let call: Message[] = [];
  let bytes = 0;
  for (const message of messages) {
    if (call.length > 0 && (call.length === mostMessages || bytes + message.bytes > mostBytes)) {
      calls.push(call);
      [call, bytes] = [[], 0];
    }
    call.push(message);
    bytes += message.bytes;
  }
  return call.length > 0 ? [...calls, call] : calls;
}
