import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { importSchema, partUploadSchema } from '../../core/contracts/http/imports.ts';
import { partEnvelope } from '../../core/contracts/imports.ts';
import { emulatorOf } from '../../localstack/cloud.ts';
import { emulatorClient } from '../../localstack/emulator.ts';
import { sharedCloud } from '../support/shared-cloud.ts';

const cloud = sharedCloud();
const aws = emulatorClient(emulatorOf(cloud));
const opened = z.object({ data: importSchema });
const announced = z.object({ data: partUploadSchema });

async function ask(method: string, path: string, body?: unknown): Promise<unknown> {
  const answer = await fetch(cloud.apiUrl + path, {
    method,
    headers: { 'x-api-key': cloud.apiKeys.operate, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  expect(answer.ok, path).toBe(true);
  return answer.json();
}

describe('a link to upload a part of an import', () => {
  it('takes just what was announced, once, and what it took is read', async () => {
    const made = opened.parse(await ask('POST', '/imports', { kind: 'bars', licence: 'internal' })).data;
    const { id: importId, sourceId, createdAt } = made;
    const text = '{"symbol":"LINKED","date":"2024-01-02","close":5,"currency":"USD"}\n';
    const of = { importId, sourceId, job: 'bars', kind: 'bars', part: 0, createdAt } as const;
    const part = gzipSync(JSON.stringify(partEnvelope(of, { format: 'ndjson', text, firstLine: 1 }, createdAt)));
    const sha256 = createHash('sha256').update(part).digest('base64');
    const announcement = { bytes: part.length, sha256 };
    const { url, headers } = announced.parse(await ask('PUT', `/imports/${importId}/parts/0`, announcement)).data;
    const put = async (
      body: Buffer<ArrayBuffer>,
      differs: Record<string, string | undefined> = {},
      to = url,
      method = 'PUT',
    ) => {
      const sent = Object.entries({ ...headers, ...differs }).filter(
        (pair): pair is [string, string] => pair[1] !== undefined,
      );
      const answer = await fetch(to, { method, headers: Object.fromEntries(sent), body });
      await answer.body?.cancel();
      return answer.status;
    };
    const other = Buffer.from(part);
    other.writeUInt8(other.readUInt8(20) ^ 1, 20);
    expect(await put(Buffer.concat([part, part]))).toBe(403);
    expect(await put(part, { 'x-amz-checksum-sha256': `${'A'.repeat(43)}=` })).toBe(403);
    expect(await put(part, { 'if-none-match': undefined })).toBe(403);
    expect(await put(part, {}, url.replace('/0-1.json.gz', '/1-1.json.gz'))).toBe(403);
    expect(await put(part, {}, url, 'POST')).toBe(403);
    expect(await put(part, { origin: 'https://elsewhere.example' })).toBe(403);
    expect(await put(other)).toBe(400);
    expect(await put(part)).toBe(200);
    expect(await put(part)).toBe(412);

    await ask('POST', `/imports/${importId}/finish`, { parts: 1 });
    let done = made;
    for (let looks = 0; looks < 300 && (looks === 0 || done.status === 'queued'); looks++) {
      await sleep(200);
      done = opened.parse(await ask('GET', `/imports/${importId}`)).data;
    }
    expect(done).toMatchObject({ status: 'done', accepted: 1, written: 1 });
  });

  it('leads to an object that is deleted when nobody has finished the import for a month', async () => {
    const { id } = opened.parse(await ask('POST', '/imports', { kind: 'bars', licence: 'internal' })).data;
    const part = gzipSync('{}');
    const sha256 = createHash('sha256').update(part).digest('base64');
    const { url, headers } = announced.parse(
      await ask('PUT', `/imports/${id}/parts/0`, { bytes: part.length, sha256 }),
    ).data;
    expect((await fetch(url, { method: 'PUT', headers, body: part })).status).toBe(200);
    const Key = new URL(url).pathname.split('/').slice(2).join('/');
    const s3 = new S3Client({ ...aws, forcePathStyle: true });
    const lambda = new LambdaClient(aws);
    const isThere = async () => {
      const { Contents = [] } = await s3.send(
        new ListObjectsV2Command({ Bucket: new URL(url).pathname.split('/')[1] ?? '', Prefix: Key }),
      );
      return Contents.length === 1;
    };
    const maintain = async () => {
      const answer = await lambda.send(
        new InvokeCommand({
          FunctionName: cloud.outputOf('FunctionMaintain'),
          Payload: JSON.stringify({ time: new Date().toISOString() }),
        }),
      );
      expect(answer.FunctionError, Buffer.from(answer.Payload ?? []).toString()).toBeUndefined();
    };
    try {
      await maintain();
      expect(await isThere()).toBe(true);
      await cloud.pool.query("UPDATE import SET expires_at = now() - interval '31 days' WHERE id = $1", [id]);
      await maintain();
      expect(await isThere()).toBe(false);
    } finally {
      s3.destroy();
      lambda.destroy();
    }
  });
});
