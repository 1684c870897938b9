import type { AnswerBlobs } from '../../ports/answer-blobs.ts';
import { download } from './download.ts';
import { s3Presigner } from './presigner.ts';
import { putObject } from './put-object.ts';

/** One try to write or read: the proxy waits for it, or has a client who does. */
const timeoutMs = 3_000;

/** Bodies of the proxy's answers in an S3 bucket. */
export function s3AnswerBlobs(bucket: string, env = process.env): AnswerBlobs {
  const linkTo = s3Presigner(bucket, env);
  return {
    async put(key, packed) {
      const headers = { 'content-type': 'application/gzip' };
      const result = await putObject(bucket, key, Buffer.from(packed), { headers, timeoutMs, tries: 2 }, env);
      if (typeof result === 'number')
        throw new Error(`S3 did not take an answer of the proxy (${result || 'no answer'}).`);
    },
    async get(key, part) {
      const range = part === null ? {} : { range: `bytes=${part.offset}-${part.offset + part.length - 1}` };
      const { status, body } = await download(new URL(await linkTo(key)), timeoutMs, range);
      // Without the right to list, S3 says of a missing key that it is forbidden.
      if (status === 404 || status === 403) return null;
      if (status === 206) return body;
      if (status === 200) return part === null ? body : body.subarray(part.offset, part.offset + part.length);
      throw new Error(`S3 answered ${status} for an answer of the proxy.`);
    },
  };
}
