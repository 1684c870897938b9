import { randomUUID } from 'node:crypto';
import { answerKey } from '../../contracts/s3-keys.ts';
import { type AnswerStore, AnswerStoreError } from '../../ports/answer-store.ts';
import type { Clock } from '../../ports/clock.ts';
import { s3Presigner } from './presigner.ts';
import { putObject } from './put-object.ts';

/** One try to store. Two tries and the work before must fit into the function's 20 s. */
const timeoutMs = 6_000;
const tries = 2;

/** Long answers in an S3 bucket, each under an unguessable key. */
export function s3AnswerStore(bucket: string, now: Clock, env = process.env): AnswerStore {
  const linkTo = s3Presigner(bucket, env);
  return {
    async keep(body, headers) {
      const key = answerKey(new Date(now()).toISOString(), randomUUID());
      const sent = { ...headers, 'cache-control': 'private, no-store' };
      const result = await putObject(bucket, key, body, { headers: sent, timeoutMs, tries }, env);
      // The key belongs to this answer only.
      if (result === 'stored') return await linkTo(key);
      throw new AnswerStoreError(
        `S3 did not take an answer of ${body.length} characters (${result || 'no answer'}): the client gets a retryable 503.`,
      );
    },
  };
}
