import type { HistoryFiles } from '../../ports/history-archive.ts';
import { download } from './download.ts';
import { s3Presigner } from './presigner.ts';
import { putObject } from './put-object.ts';

/** One try to write a file of some megabytes. */
const writeMs = 30_000;
/** One try to read a part of one: a request of the API has 20 s. */
const readMs = 6_000;
const tries = 2;

/** Files of the archive in an S3 bucket, by requests that are signed here: the S3 client has a tenth of a megabyte. */
export function s3HistoryFiles(bucket: string, env = process.env): HistoryFiles {
  const linkTo = s3Presigner(bucket, env);

  async function read(
    key: string,
    headers: Readonly<Record<string, string>>,
  ): Promise<{ status: number; body: Buffer }> {
    for (let attempt = 1; ; attempt++) {
      const isLast = attempt === tries;
      const answer = await download(new URL(await linkTo(key)), readMs, headers).catch((error: unknown) => {
        if (isLast) throw error;
        return null;
      });
      if (answer?.status === 200 || answer?.status === 206) return answer;
      // What S3 refuses once it refuses again.
      if (answer !== null && (answer.status < 500 || isLast))
        throw new Error(`S3 answered ${answer.status} for a file of the archive.`);
    }
  }

  return {
    async put(key, bytes) {
      const headers = { 'content-type': key.endsWith('.json') ? 'application/json' : 'application/vnd.apache.parquet' };
      const result = await putObject(bucket, key, Buffer.from(bytes), { headers, timeoutMs: writeMs, tries }, env);
      if (typeof result === 'number')
        throw new Error(`S3 did not take a file of the archive (${result || 'no answer'}).`);
      return result;
    },
    async get(key) {
      return (await read(key, {})).body;
    },
    async read(key, from, to) {
      const { status, body } = await read(key, { range: `bytes=${from}-${to - 1}` });
      // Not every store of objects knows ranges.
      const part = status === 206 ? body : body.subarray(from, to);
      return Uint8Array.from(part).buffer;
    },
  };
}
