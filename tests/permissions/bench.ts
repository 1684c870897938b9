/**
 * The deployed local cloud, held still: nothing runs but what a scenario invokes. Rules are off, queues are not read for
 * functions, and what is sent stays where it was sent until a scenario takes it.
 */
import { randomUUID } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import {
  GetFunctionConfigurationCommand,
  LambdaClient,
  ListEventSourceMappingsCommand,
  UpdateEventSourceMappingCommand,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda';
import { ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { DeleteMessageCommand, ReceiveMessageCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import * as z from 'zod';
import { callJson } from '../../cli/aws/signed-json.ts';
import type { FunctionName } from '../../core/contracts/functions.ts';
import { localInstallation, physicalName } from '../../core/contracts/installation.ts';
import type { Scope } from '../../core/contracts/words/access.ts';
import { pascalCase } from '../../lib/names.ts';
import { functionOutput } from '../../localstack/deploy.ts';
import { emulatorClient } from '../../localstack/emulator.ts';
import { until } from '../../localstack/processes.ts';
import { queueEvent } from '../support/bundles/events.ts';
import type { TestCloud } from '../support/test-cloud.ts';

const eventBridge = { name: 'events', protocol: '1.1', target: 'AWSEvents' } as const;

/** What a scenario expected did not happen. */
export class Broken extends Error {
  override readonly name = 'Broken';
}

const failedSchema = z.object({ batchItemFailures: z.array(z.unknown()) });
export type Bench = Awaited<ReturnType<typeof holdStill>>;

/** Holds a cloud still. */
export async function holdStill({ cloud, addresses }: TestCloud) {
  const { emulator, functions, pool, outputs } = cloud;
  const aws = emulatorClient(emulator);
  const lambda = new LambdaClient(aws);
  const sqs = new SQSClient(aws);
  const s3 = new S3Client({ ...aws, forcePathStyle: true });
  const bucket = outputOf('RawBucket');
  const { logFile } = emulator;
  if (logFile === null) throw new Error('what this emulator refuses is in no log of this machine');
  const usual = new Map<FunctionName, Record<string, string>>();

  function outputOf(key: string): string {
    const value = outputs[key];
    if (value === undefined) throw new Error(`the stacks have no output ${key}`);
    return value;
  }

  for (const rule of ['each-minute', 'each-day', 'proxy-heartbeat'])
    await callJson(aws, eventBridge, 'DisableRule', { Name: `quotron-local-${rule}` }, z.unknown());
  const { EventSourceMappings = [] } = await lambda.send(new ListEventSourceMappingsCommand({}));
  for (const { UUID } of EventSourceMappings)
    await lambda.send(new UpdateEventSourceMappingCommand({ UUID, Enabled: false }));

  const urlOf = (queue: string, dead = false) => outputOf(`${dead ? 'DeadQueue' : 'Queue'}${pascalCase(queue)}`);

  async function setEnvironment(fn: FunctionName, change: Record<string, string>): Promise<void> {
    const FunctionName = outputOf(functionOutput(fn));
    if (!usual.has(fn)) {
      const { Environment } = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName }));
      usual.set(fn, Environment?.Variables ?? {});
    }
    const Variables = { ...usual.get(fn), ...change };
    await lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName, Environment: { Variables } }));
  }

  /** Messages of a queue, which are then gone. */
  async function take(queue: string): Promise<string[]> {
    const QueueUrl = urlOf(queue);
    const bodies: string[] = [];
    for (;;) {
      const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
      if (Messages.length === 0) return bodies;
      for (const { Body = '', ReceiptHandle } of Messages) {
        bodies.push(Body);
        await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
      }
    }
  }

  const bench = {
    pool,
    apiUrl: addresses.apiUrl,
    dashboardUrl: addresses.dashboardUrl,
    apiKeys: addresses.apiKeys,
    take,

    invoke: (fn: FunctionName, event: unknown) => functions.invoke(fn, event),

    /** Hands messages to a function as their queue does. Throws when one returns to its queue. */
    async handOver(fn: FunctionName, queue: string, bodies: readonly string[]): Promise<void> {
      const { batchItemFailures } = failedSchema.parse(
        await functions.invoke(fn, queueEvent(`quotron-local-${queue}`, bodies)),
      );
      if (batchItemFailures.length > 0)
        throw new Broken(`${fn} failed ${batchItemFailures.length} of ${bodies.length} messages`);
    },

    /** The message that must be on a queue, by a text in it: another may have come back that an earlier scenario left. */
    async oneOf(queue: string, text: string): Promise<string> {
      const body = (await take(queue)).find((each) => each.includes(text));
      if (body === undefined) throw new Broken(`there is no message of ${text} on ${queue}`);
      return body;
    },

    /** What the emulator has refused from now on: gives the actions that it refused to a function. */
    watchRefusals(): (fn: FunctionName) => readonly string[] {
      const before = statSync(logFile).size;
      return (fn) =>
        [
          ...readFileSync(logFile)
            .subarray(before)
            .toString('utf8')
            .matchAll(/^refused (\S+) to (\S+)$/gm),
        ].flatMap(([, action = '', principal = '']) =>
          principal.endsWith(`/${physicalName(localInstallation, fn)}`) ? [action] : [],
        );
    },

    /** A function without what it keeps in memory. */
    restart: (fn: FunctionName) => setEnvironment(fn, { RESTARTED: String(performance.now()) }),

    /** Does `work` while the database of a function is away. */
    async withoutDatabase<T>(fn: FunctionName, work: () => Promise<T>): Promise<T> {
      await setEnvironment(fn, { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/nowhere' });
      try {
        return await work();
      } finally {
        await setEnvironment(fn, {});
      }
    },

    /** Asks the API, or the proxy. Throws unless it answers as expected. */
    async ask(
      path: string,
      { method = 'GET', as = 'operate', body }: { method?: string; as?: Scope; body?: unknown } = {},
    ) {
      const answer = await fetch(path.startsWith('/yahoo') ? addresses.dashboardUrl + path : addresses.apiUrl + path, {
        method,
        redirect: 'manual',
        headers: {
          'x-api-key': addresses.apiKeys[as],
          ...(body !== undefined && { 'content-type': 'application/json' }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      const text = await answer.text();
      if (answer.status >= 400) throw new Broken(`${method} ${path} answered ${answer.status}: ${text.slice(0, 200)}`);
      return { status: answer.status, headers: answer.headers, text };
    },

    async sendDead(queue: string, body: string): Promise<void> {
      const QueueUrl = urlOf(queue, true);
      // One that was read and not deleted holds up those of its group.
      const ordered = { MessageGroupId: randomUUID(), MessageDeduplicationId: randomUUID() };
      await sqs.send(
        new SendMessageCommand({ QueueUrl, MessageBody: body, ...(QueueUrl.endsWith('.fifo') && ordered) }),
      );
    },

    async keys(prefix: string): Promise<string[]> {
      const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix }));
      return Contents.flatMap(({ Key }) => Key ?? []);
    },

    async put(Key: string, Body: Uint8Array): Promise<void> {
      await s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body, IfNoneMatch: '*' }));
    },

    /** Waits for a few seconds; what does not happen then is broken. */
    async soon(what: string, done: () => Promise<boolean>, ms = 8_000): Promise<void> {
      if (!(await until(done, ms, 250))) throw new Broken(`${what} did not happen`);
    },

    /** Switches a fault of a simulated source. */
    async fault(source: string, fault: string, on: boolean): Promise<void> {
      const answer = await fetch(`${addresses.upstreamsUrl}/_control/faults`, {
        method: 'POST',
        headers: { 'x-api-key': addresses.apiKeys.operate },
        body: JSON.stringify({ source, fault, on }),
      });
      if (!answer.ok) throw new Error(await answer.text());
    },

    close(): void {
      for (const client of [lambda, sqs, s3]) client.destroy();
    },
  };
  return bench;
}
