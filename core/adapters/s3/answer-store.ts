import { randomUUID } from 'node:crypto';
import { HttpRequest } from '@smithy/core/protocols';
import { answerKey } from '../../contracts/s3-keys.ts';
import { type AnswerStore, AnswerStoreError } from '../../ports/answer-store.ts';
import type { Clock } from '../../ports/clock.ts';
import { objectsOf, s3Presigner, signerOf } from './presigner.ts';

/** One try to store. Two tries and the work before must fit into the function's 20 s. */
const timeoutMs = 6_000;
const tries = 2;

/**
 * Long answers in an S3 bucket, each under an unguessable key. It signs the request itself, because the S3 client has a
 * tenth of a megabyte and this is the only thing the API writes.
 */
export function s3AnswerStore(bucket: string, now: Clock, env = process.env): AnswerStore {
  const { region, base } = objectsOf(bucket, env);
  const linkTo = s3Presigner(bucket, env);
  return {
    async keep(body, headers) {
      const key = answerKey(new Date(now()).toISOString(), randomUUID());
      const url = new URL(base.pathname + key, base);
      const signed = await signerOf(region, env).sign(
        new HttpRequest({
          method: 'PUT',
          protocol: url.protocol,
          hostname: url.hostname,
          ...(url.port ? { port: Number(url.port) } : {}),
          path: url.pathname,
          headers: {
            ...headers,
            host: url.host,
            'cache-control': 'private, no-store',
            'if-none-match': '*',
            // TLS protects the transfer on AWS; hashing megabytes of JSON would take longer than sending them.
            'x-amz-content-sha256': 'UNSIGNED-PAYLOAD',
          },
        }),
      );
      const { host: _, ...sent } = signed.headers;
      let status = 0;
      for (let attempt = 0; attempt < tries; attempt++) {
        status = await put(url, sent, body);
        // An earlier try whose answer was lost has stored it: the key belongs to this answer only.
        if ((status >= 200 && status < 300) || (attempt > 0 && status === 412)) return await linkTo(key);
        if (status !== 0 && status < 500) break;
      }
      throw new AnswerStoreError(
        `S3 did not take an answer of ${body.length} characters (${status || 'no answer'}): the client gets a retryable 503.`,
      );
    },
  };
}

/** The status; 0 where there was none. */
async function put(url: URL, headers: Record<string, string>, body: string): Promise<number> {
  try {
    const answer = await fetch(url, { method: 'PUT', headers, body, signal: AbortSignal.timeout(timeoutMs) });
    await answer.body?.cancel();
    return answer.status;
  } catch {
    return 0;
  }
}
