import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { importSchema, partUploadSchema } from '../../core/contracts/http/imports.ts';
import { partEnvelope } from '../../core/contracts/imports.ts';
import { sharedCloud } from '../support/shared-cloud.ts';

const cloud = sharedCloud();
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
});
