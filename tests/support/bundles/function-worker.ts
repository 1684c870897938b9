/**
 * A function's bundle in a process of its own: takes events from its parent, has the handler answer them one after the
 * other, and says what processor time that took. `process.cpuUsage` counts all threads, the collector's too.
 */
import { createRequire } from 'node:module';
import { z } from 'zod';
import { type WorkerReply, workerOrderSchema } from './function-process.ts';

const require = createRequire(import.meta.url);
const bundle = z.object({ handler: z.custom<Handler>((value) => typeof value === 'function') });
type Handler = (event: unknown, context: unknown) => Promise<unknown>;

const { handler } = bundle.parse(require(z.string().parse(process.argv[2])));

/** An answer of a status that makes a figure meaningless. */
const refusedSchema = z.object({ statusCode: z.int().min(400) });

let asked = 0;
function contextOf() {
  const id = `00000000-0000-4000-8000-${String(++asked).padStart(12, '0')}`;
  return {
    functionName: 'test',
    functionVersion: '1',
    invokedFunctionArn: 'arn:aws:lambda:us-east-1:000000000000:function:bench',
    memoryLimitInMB: '512',
    awsRequestId: id,
    logGroupName: 'test',
    logStreamName: 'test',
    callbackWaitsForEmptyEventLoop: false,
    getRemainingTimeInMillis: () => 60_000,
  };
}

function answer(reply: WorkerReply): void {
  process.send?.(reply);
}

process.on('message', async (message: unknown) => {
  const order = workerOrderSchema.parse(message);
  const before = process.cpuUsage();
  const answers: unknown[] = [];
  try {
    for (const event of order.events) answers.push(await handler(event, contextOf()));
    const { user, system } = process.cpuUsage(before);
    const refused = answers.find((each) => refusedSchema.safeParse(each).success);
    if (refused) throw new Error(`an answer was ${JSON.stringify(refused).slice(0, 300)}`);
    answer({
      id: order.id,
      cpuMicros: user + system,
      answers: order.answers ? answers : [],
      error: null,
      errorType: null,
    });
  } catch (error) {
    const said = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    const errorType = error instanceof Error ? error.name : 'Error';
    answer({ id: order.id, cpuMicros: 0, answers: [], error: said, errorType });
  }
});

// Without its parent there is nothing to do.
process.on('disconnect', () => process.exit(0));

answer({ id: 0, cpuMicros: 0, answers: [], error: null, errorType: null });
