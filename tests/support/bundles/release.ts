import { z } from 'zod';
import { settingNames } from '../../../core/contracts/settings.ts';
import type { RunningDatabase } from '../../../localstack/database.ts';
import type { CloudDouble } from './cloud-double.ts';
import { queueEvent } from './events.ts';
import { type FunctionProcess, startFunction } from './function-process.ts';
import type { Tree } from './trees.ts';

/** The functions of a release that are run beside those of another. */
export const bundledOfRelease = ['migrate', 'ingest', 'state', 'monitor'] as const;
export type ReleaseBundles = Tree<(typeof bundledOfRelease)[number]>;

/** A release at work: a warm container of each function, in the database role that it has when it is deployed. */
export interface Release {
  /** Gives the names of the migrations that were applied. */
  migrate(): Promise<string[]>;
  /** Delivers messages to `ingest`, ten at a time. Gives the messages that failed, which a queue would deliver again. */
  ingest(messages: readonly unknown[]): Promise<unknown[]>;
  /** The same for `monitor`. */
  monitor(messages: readonly unknown[]): Promise<unknown[]>;
  /** The monitor's minute. */
  tick(time: Date): Promise<void>;
  /** One request to `state`. */
  state(request: { readonly op: string; readonly [field: string]: unknown }): Promise<unknown>;
  stop(): Promise<void>;
}

const batchSize = 10;
const answerSchema = z.object({ batchItemFailures: z.array(z.object({ itemIdentifier: z.string() })) });
const eventSchema = z.object({ Records: z.array(z.object({ messageId: z.string() })) });
const appliedSchema = z.object({ applied: z.array(z.string()) });

/** Starts the functions of a release on a database and a double of the cloud, which both releases share. */
export async function startRelease(
  tree: ReleaseBundles,
  { database, cloud }: { database: Pick<RunningDatabase, 'urls'>; cloud: CloudDouble },
): Promise<Release> {
  const settings = (databaseUrl: string) => ({
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_ENDPOINT_URL: cloud.url,
    AWS_LAMBDA_FUNCTION_NAME: 'test',
    [settingNames.stage]: 'local',
    [settingNames.sessions]: 'ignored',
    [settingNames.rawBucket]: 'raw',
    [settingNames.ingestQueueUrl]: cloud.queueUrl('ingest'),
    [settingNames.ingestPagesQueueUrl]: cloud.queueUrl('ingest-pages'),
    [settingNames.outcomesQueueUrl]: cloud.queueUrl('outcomes'),
    [settingNames.eventsQueueUrl]: cloud.queueUrl('events'),
    [settingNames.recoveriesQueueUrl]: cloud.queueUrl('recoveries'),
    [settingNames.databaseUrl]: databaseUrl,
  });
  const { owner, app, state } = database.urls;
  const functions = {
    migrate: await startFunction(tree.bundle('migrate'), settings(owner)),
    ingest: await startFunction(tree.bundle('ingest'), settings(app)),
    monitor: await startFunction(tree.bundle('monitor'), settings(app)),
    state: await startFunction(tree.bundle('state'), settings(state)),
  };
  return {
    async migrate() {
      const [answer] = await functions.migrate.ask([{}]);
      return appliedSchema.parse(answer).applied;
    },
    ingest: (messages) => deliver(functions.ingest, 'ingest', messages),
    monitor: (messages) => deliver(functions.monitor, 'outcomes', messages),
    async tick(time) {
      await functions.monitor.run([{ time: time.toISOString() }]);
    },
    async state(request) {
      const [answer] = await functions.state.ask([request]);
      return answer;
    },
    async stop() {
      await Promise.all(Object.values(functions).map((each) => each.stop()));
    },
  };
}

async function deliver(to: FunctionProcess, queue: string, messages: readonly unknown[]): Promise<unknown[]> {
  const failed: unknown[] = [];
  for (let from = 0; from < messages.length; from += batchSize) {
    const some = messages.slice(from, from + batchSize);
    const event = queueEvent(
      queue,
      some.map((message) => JSON.stringify(message)),
    );
    const ids = eventSchema.parse(event).Records.map((record) => record.messageId);
    const [answer] = await to.ask([event]);
    for (const { itemIdentifier } of answerSchema.parse(answer).batchItemFailures)
      failed.push(some[ids.indexOf(itemIdentifier)]);
  }
  return failed;
}
