import * as z from 'zod';
import {
  type DeadLetterView,
  deadLetterSchema,
  redriveRequestSchema,
  redriveSchema,
} from '../../../core/contracts/http/operations.ts';
import { ProblemError } from '../../../core/http/problem.ts';
import { limitParameter } from '../../../core/http/read-request.ts';
import { type Route, route } from '../../../core/http/route.ts';
import { type QueueInspector, UnknownQueueError } from '../../../core/ports/queue-inspector.ts';

const tag = 'Dead letters';
const bodyBytes = 4 * 1024;
/** Most messages that one request moves: at ten a call, well within the time of an API call. */
const redriveLimit = 500;

export function deadLetterRoutes({ inspector }: { inspector: QueueInspector }): Route[] {
  const peek = route(
    {
      method: 'get',
      path: '/dead-letters',
      access: 'read',
      shows: 'everything',
      tag,
      summary: 'Messages that kept failing',
      description:
        'Looks at the dead-letter queue of `queue` and leaves it as it is. Bodies are cut at 4 KB and are data of unknown origin. For a few seconds, two who look at once see different messages.',
      query: z.object({ queue: z.string().min(1).max(80), limit: limitParameter(50, 10) }),
      data: z.array(deadLetterSchema),
      problems: ['unknown_queue'],
    },
    async ({ query }) => {
      const messages = await known(() => inspector.peek(query.queue, query.limit));
      const data = messages.map(
        (message): DeadLetterView => ({
          queue: query.queue,
          messageId: message.messageId,
          sentAt: message.sentAt === null ? null : new Date(message.sentAt).toISOString(),
          receiveCount: message.receiveCount,
          body: cut(message.body),
        }),
      );
      return { kind: 'data', data, meta: { count: data.length }, maxAge: null };
    },
  );

  const redrive = route(
    {
      method: 'post',
      path: '/dead-letters/redrive',
      access: 'operate',
      shows: 'nothing',
      tag,
      summary: 'Give dead letters another chance',
      description: `Moves up to ${redriveLimit} messages back to their queue. \`more\` says whether to ask again.`,
      body: redriveRequestSchema,
      data: redriveSchema,
      problems: ['unknown_queue'],
    },
    async ({ body }) => {
      const moved = await known(() => inspector.redrive(body.queue, redriveLimit));
      return { kind: 'data', data: { queue: body.queue, moved, more: moved === redriveLimit } };
    },
  );

  return [peek, redrive];
}

async function known<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof UnknownQueueError) throw new ProblemError('unknown_queue', error.message);
    throw error;
  }
}

/** At most 4 KB in UTF-8; a character that the cut goes through is left away. */
function cut(text: string): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= bodyBytes) return text;
  return bytes
    .subarray(0, bodyBytes)
    .toString('utf8')
    .replace(/\uFFFD+$/, '');
}
