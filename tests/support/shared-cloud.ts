/** The deployed cloud that `cloud-setup.ts` started, as tests use it: over HTTP, through the AWS SDK, and in SQL. */
import { gunzipSync, gzipSync } from 'node:zlib';
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, inject } from 'vitest';
import { z } from 'zod';
import { createPool } from '../../core/adapters/postgres/database/pool.ts';
import { type BlobEnvelope, blobEnvelopeSchema } from '../../core/contracts/blob.ts';
import { envelope } from '../../core/contracts/http/envelope.ts';
import { rawPrefix } from '../../core/contracts/s3-keys.ts';
import type { Scope } from '../../core/contracts/words/access.ts';
import { emulatorOf } from '../../localstack/cloud.ts';
import { emulatorClient } from '../../localstack/emulator.ts';
import { functionsOf } from '../../localstack/functions.ts';
import { until } from '../../localstack/processes.ts';
import { expectInvariant } from './invariants/expect-invariant.ts';

export interface AskOptions {
  readonly method?: string;
  /** `null` sends no key. */
  readonly as?: Scope | null;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Redirects are followed by default. */
  readonly redirect?: 'follow' | 'manual';
}

/** The shared cloud. Its connections are closed after the file. */
export function sharedCloud() {
  const cloud = inject('cloud');
  const pool = createPool({ url: cloud.databaseUrl }, 2);
  const functions = functionsOf(emulatorOf(cloud), { outputs: cloud.outputs, fresh: false });
  const aws = emulatorClient(emulatorOf(cloud));
  const sqs = new SQSClient(aws);
  const s3 = new S3Client({ ...aws, forcePathStyle: true });
  const bucket = outputOf('RawBucket');
  afterAll(async () => {
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

  async function keysUnder(prefix: string): Promise<string[]> {
    const keys: string[] = [];
    let ContinuationToken: string | undefined;
    do {
      const listed = await s3.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, ContinuationToken }));
      keys.push(...(listed.Contents ?? []).flatMap(({ Key }) => Key ?? []));
      ContinuationToken = listed.NextContinuationToken;
    } while (ContinuationToken !== undefined);
    return keys;
  }

  async function objectAt(key: string): Promise<Buffer> {
    const object = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
    return Buffer.from((await object.Body?.transformToByteArray()) ?? []);
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
    blobKeys: keysUnder,
    async getBlob(key: string): Promise<BlobEnvelope> {
      return blobEnvelopeSchema.parse(JSON.parse(gunzipSync(await objectAt(key)).toString('utf8')));
    },
    /**
     * Checks what must hold after anything. The scheduler is stopped meanwhile, so that nothing is under way. For as long as
     * no test has written rows or blobs by itself.
     */
    async invariant(): Promise<void> {
      await ask('/services/scheduler/stop', { method: 'POST', as: 'operate' });
      try {
        await eventually('the end of all tasks', async () => {
          const open = await pool.query(
            `SELECT FROM task WHERE finished_at IS NULL UNION ALL SELECT FROM task_attempt WHERE finished_at IS NULL`,
          );
          return open.rowCount === 0 ? true : undefined;
        });
        const blobs = new Map<string, Buffer>();
        for (const key of await keysUnder(rawPrefix)) blobs.set(key, await objectAt(key));
        await expectInvariant(pool, { blobs });
      } finally {
        await ask('/services/scheduler/start', { method: 'POST', as: 'operate' });
      }
    },
    async putBlob(key: string, blob: BlobEnvelope): Promise<void> {
      await s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: gzipSync(JSON.stringify(blob)) }));
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

/** Waits until `look` gives something; throws what was waited for when it does not. */
export async function eventually<T>(what: string, look: () => Promise<T | undefined>, timeoutMs = 60_000): Promise<T> {
  let found: T | undefined;
  await until(
    async () => {
      found = await look();
      return found !== undefined;
    },
    timeoutMs,
    500,
  );
  if (found === undefined) throw new Error(`waited ${timeoutMs / 1000} s in vain for ${what}`);
  return found;
}
