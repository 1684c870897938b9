/** The deployed cloud that `cloud-setup.ts` started, as tests use it: over HTTP, through the AWS SDK, and in SQL. */
import { gunzipSync, gzipSync } from 'node:zlib';
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, inject } from 'vitest';
import { z } from 'zod';
import { createPool } from '../../core/adapters/postgres/database/pool.ts';
import { type BlobEnvelope, blobEnvelopeSchema } from '../../core/contracts/blob.ts';
import { envelope } from '../../core/contracts/http/envelope.ts';
import type { Scope } from '../../core/contracts/words/access.ts';
import { emulatorOf } from '../../localstack/cloud.ts';
import { emulatorClient } from '../../localstack/emulator.ts';
import { functionsOf } from '../../localstack/functions.ts';
import { until } from '../../localstack/processes.ts';

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
    async blobKeys(prefix: string): Promise<string[]> {
      const listed = await s3.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix }));
      return (listed.Contents ?? []).flatMap(({ Key }) => (Key === undefined ? [] : [Key]));
    },
    async getBlob(key: string): Promise<BlobEnvelope> {
      const object = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
      const bytes = await object.Body?.transformToByteArray();
      return blobEnvelopeSchema.parse(JSON.parse(gunzipSync(bytes ?? Buffer.alloc(0)).toString('utf8')));
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
