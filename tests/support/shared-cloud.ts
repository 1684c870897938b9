/** The deployed cloud that `cloud-setup.ts` started, as tests use it: over HTTP, through the AWS SDK, and in SQL. */
import { gunzipSync } from 'node:zlib';
import { S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, expect, inject } from 'vitest';
import { z } from 'zod';
import { createPool } from '../../core/adapters/postgres/database/pool.ts';
import { postgresOutcomeStore } from '../../core/adapters/postgres/sources/outcome-store.ts';
import { postgresState } from '../../core/adapters/postgres/work/state.ts';
import { s3RawStore } from '../../core/adapters/s3/raw-store.ts';
import { type BlobEnvelope, blobEnvelopeSchema } from '../../core/contracts/blob.ts';
import { envelope } from '../../core/contracts/http/envelope.ts';
import type { IngestMessage } from '../../core/contracts/messages.ts';
import type { Scope } from '../../core/contracts/words/access.ts';
import { recordOutcome } from '../../functions/monitor/watch-sources.ts';
import { emulatorOf } from '../../localstack/cloud.ts';
import { emulatorClient } from '../../localstack/emulator.ts';
import { functionsOf } from '../../localstack/functions.ts';
import { until } from '../../localstack/processes.ts';
import { fetchAnswers, type IngestedBlob } from './ingest-answers.ts';
import { blobsInBucket, keysUnder, objectAt } from './invariants/blobs-in-bucket.ts';
import { breachesOf, expectInvariant } from './invariants/expect-invariant.ts';

/** Of all files: they share the cloud, and the modules of the process that runs them. */
const seen = new Map<string, Buffer>();
const cutRuns = new Set<string>();

export interface AskOptions {
  readonly method?: string;
  /** `null` sends no key. */
  readonly as?: Scope | null;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Redirects are followed by default. */
  readonly redirect?: 'follow' | 'manual';
}

/** The shared cloud. After the file the invariants of all that is stored are checked, and its connections closed. */
export function sharedCloud() {
  const cloud = inject('cloud');
  const pool = createPool({ url: cloud.databaseUrl }, 2);
  const functions = functionsOf(emulatorOf(cloud), { outputs: cloud.outputs, fresh: false });
  const aws = emulatorClient(emulatorOf(cloud));
  const sqs = new SQSClient(aws);
  const s3 = new S3Client({ ...aws, forcePathStyle: true });
  const bucket = outputOf('RawBucket');
  // As the last of the file: the hooks of the test put things in order first.
  afterAll(async () => {
    await checkWhatIsStored();
    await pool.end();
    functions.close();
    sqs.destroy();
    s3.destroy();
  });

  function outputOf(key: string): string {
    const value = cloud.outputs[key];
    if (value === undefined) throw new Error(`the stacks have no output ${key}`);
    return value;
  }

  /** Asks the deployed API, through the dashboard's server as a browser does. */
  async function ask(
    path: string,
    { method = 'GET', as = 'read', body, headers, redirect = 'follow' }: AskOptions = {},
  ): Promise<Response> {
    return await fetch(`${cloud.apiUrl}${path}`, {
      method,
      redirect,
      headers: {
        ...(as === null ? {} : { 'x-api-key': cloud.apiKeys[as] }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  }

  const keptBlobs = () => blobsInBucket(s3, bucket, seen);

  async function whileNothingIsPlanned(work: () => Promise<void>): Promise<void> {
    const stopped = await pool.query(`SELECT FROM service_state WHERE service_id = 'scheduler' AND NOT running`);
    await ask('/services/scheduler/stop', { method: 'POST', as: 'operate' });
    try {
      await work();
    } finally {
      if (stopped.rowCount === 0) await ask('/services/scheduler/start', { method: 'POST', as: 'operate' });
    }
  }

  /** What waits, for a source or for its time, may stay open; what was fetched must soon be read. */
  async function checkWhatIsStored(): Promise<void> {
    await whileNothingIsPlanned(async () => {
      const breaches = async () => breachesOf(pool, { blobs: await keptBlobs(), underWay: new Set(), cut: cutRuns });
      await eventually('the end of what is under way', async () => ((await breaches()).length === 0 ? true : undefined))
        // Says what is wrong.
        .catch(async () => expect(await breaches()).toEqual([]));
    });
  }

  async function fetched(answers: IngestedBlob): Promise<IngestMessage> {
    const stages = { state: postgresState(pool) };
    const stores = { blobs: s3RawStore(bucket, s3) };
    const { message, outcome } = await fetchAnswers(answers, { pool, stages, stores, now: Date.now() });
    await recordOutcome(outcome, { store: postgresOutcomeStore(pool) });
    return message;
  }

  async function getBlob(key: string): Promise<BlobEnvelope> {
    return blobEnvelopeSchema.parse(JSON.parse(gunzipSync(await objectAt(s3, bucket, key)).toString('utf8')));
  }

  return {
    ...cloud,
    pool,
    functions,
    sqs,
    outputOf,
    ask,
    /** The `data` of an answer, by its schema. */
    async read<S extends z.ZodType>(path: string, data: S, options?: AskOptions): Promise<z.output<S>> {
      const answer = await ask(path, options);
      if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${(await answer.text()).slice(0, 500)}`);
      return data.parse(envelope(z.unknown()).parse(await answer.json()).data);
    },
    async rows(sql: string, values: unknown[] = []): Promise<Record<string, unknown>[]> {
      return (await pool.query<Record<string, unknown>>(sql, values)).rows;
    },
    blobKeys: (prefix: string) => keysUnder(s3, bucket, prefix),
    getBlob,
    /** Checks what must hold once all has ended: the scheduler is stopped meanwhile, so that nothing is under way. */
    invariant: () =>
      whileNothingIsPlanned(async () => {
        await eventually('the end of all tasks', async () => {
          const open = await pool.query(
            `SELECT FROM task WHERE finished_at IS NULL UNION ALL SELECT FROM task_attempt WHERE finished_at IS NULL`,
          );
          return open.rowCount === 0 ? true : undefined;
        });
        await expectInvariant(pool, { blobs: await keptBlobs() });
      }),
    /** Answers that an attempt at a task of their own has fetched, kept and told. Gives the message for `ingest`. */
    fetched,
    /** The answers of the newest blob of quotes that was stored, fetched once more. */
    async quotesAgain(): Promise<IngestMessage> {
      const found = await pool.query(
        `SELECT blob_key FROM batch WHERE kind = 'quotes' AND accepted > 0 ORDER BY id DESC LIMIT 1`,
      );
      const { sourceId, job, kind, exchanges } = await getBlob(String(found.rows[0]?.blob_key));
      return fetched({ source: sourceId, job, kind, exchanges });
    },
    /** Notes the runs of which a test deletes tasks that are open. */
    cut(runs: readonly string[]): void {
      for (const run of runs) cutRuns.add(run);
    },
    /** Switches a fault of the simulated upstreams. */
    async fault(fault: Readonly<Record<string, unknown>>): Promise<void> {
      const answer = await fetch(`${cloud.upstreamsUrl}/_control/faults`, {
        method: 'POST',
        headers: { 'x-api-key': cloud.apiKeys.operate },
        body: JSON.stringify(fault),
      });
      if (!answer.ok) throw new Error(await answer.text());
    },
    async noFaults(): Promise<void> {
      await fetch(`${cloud.upstreamsUrl}/_control/faults`, {
        method: 'DELETE',
        headers: { 'x-api-key': cloud.apiKeys.operate },
      });
    },
  };
}

/** Waits until `look` gives something; throws what was waited for, and what was seen last where `what` says it, when it does not. */
export async function eventually<T>(
  what: string | (() => string),
  look: () => Promise<T | undefined>,
  timeoutMs = 60_000,
): Promise<T> {
  let found: T | undefined;
  await until(
    async () => {
      found = await look();
      return found !== undefined;
    },
    timeoutMs,
    500,
  );
  if (found === undefined)
    throw new Error(`waited ${timeoutMs / 1000} s in vain for ${typeof what === 'string' ? what : what()}`);
  return found;
}
