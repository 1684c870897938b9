/*
 * The record of Yahoo's answers: a blob of each different one, and an index of when which was heard. Writing it is nobody's
 * wait: a failure is counted, logged, and ends all writing for a moment.
 */
import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { LRUCache } from 'lru-cache';
import { chunked } from '../../core/contracts/chunked.ts';
import { mostRecorded } from '../../core/contracts/proxy.ts';
import { proxyBlobKey } from '../../core/contracts/s3-keys.ts';
import type { AnswerBlobs } from '../../core/ports/answer-blobs.ts';
import type { Clock } from '../../core/ports/clock.ts';
import type { State } from '../../core/ports/state.ts';
import type { NewAnswer } from './answer-cache.ts';

/** An answer of the record, as it was at an instant. */
export interface RecordedAnswer {
  readonly status: number;
  readonly body: string;
  /** When it was heard first, and last. Milliseconds since the epoch. */
  readonly from: number;
  readonly to: number;
  /** Whether the proxy itself would not have given it any more: it was not heard again for too long. */
  readonly isOld: boolean;
}

export interface AnswerRecord {
  /** Writes answers, behind the back of whoever asked for them. */
  keep(answers: readonly NewAnswer[]): void;
  /** What was the answer to the questions of keys at an instant; none for those without. */
  at(keys: readonly string[], instant: number): Promise<ReadonlyMap<string, RecordedAnswer>>;
  /** Waits until what is being written is written, and no longer than `ms`. */
  settled(ms: number): Promise<void>;
}

export interface AnswerRecordOptions {
  readonly state: State;
  readonly blobs: AnswerBlobs;
  /** Whether a simulator stands in for Yahoo: its answers are never given for Yahoo's own. */
  readonly simulated: boolean;
  readonly now: Clock;
  readonly wait: (ms: number) => Promise<void>;
  /** Counts answers that were not written. */
  readonly lost: (count: number) => void;
  readonly log: (error: unknown) => void;
}

const pack = promisify(gzip);
const unpack = promisify(gunzip);

/** Blobs written or read at once. */
const atOnce = 16;
/** How long nothing is written after a failure: a bucket that does not answer keeps nobody busy. */
const pauseMs = 30_000;
/** Characters that wait to be written; beyond that, answers are lost to the record. */
const mostWaiting = 32 * 1024 * 1024;
const maxBodyBytes = 16 * 1024 * 1024;
/** How far the end of a row may be behind what was heard: unchanged answers move it only so often. */
const endLagsMs = 5 * 60_000;

export function answerRecord(options: AnswerRecordOptions): AnswerRecord {
  const { state, blobs, now, wait, lost, log } = options;
  const written = new LRUCache<string, true>({ max: 5_000 });
  const running = new Set<Promise<void>>();
  let waiting = 0;
  let pausedUntil = Number.NEGATIVE_INFINITY;
  const recordKey = (key: string) => (options.simulated ? `simulated/${key}` : key);

  async function write(answers: readonly NewAnswer[]): Promise<void> {
    const noted = await inTurns(answers, async ({ key, answer }) => {
      const { status, body, lifetime } = answer;
      const fetchedAt = new Date(answer.fetchedAt).toISOString();
      const blob = proxyBlobKey(fetchedAt, createHash('sha256').update(body).digest('base64url'));
      if (!written.has(blob)) {
        await blobs.put(blob, await pack(body));
        written.set(blob, true);
      }
      return { key: recordKey(key), status, blob, fetchedAt, keepSeconds: lifetime.keep };
    });
    // After the blobs: what the index names is there.
    for (const some of chunked(noted, mostRecorded)) await state.call({ op: 'recordAnswers', answers: some });
  }

  return {
    keep(answers) {
      if (answers.length === 0) return;
      const size = answers.reduce((sum, { answer }) => sum + answer.body.length, 0);
      if (now() < pausedUntil || waiting + size > mostWaiting) return lost(answers.length);
      waiting += size;
      const work = write(answers)
        .catch((error: unknown) => {
          pausedUntil = now() + pauseMs;
          lost(answers.length);
          log(error);
        })
        .finally(() => {
          waiting -= size;
          running.delete(work);
        });
      running.add(work);
    },
    async at(keys, instant) {
      const known = new Map(keys.map((key) => [recordKey(key), key]));
      const at = new Date(instant).toISOString();
      const rows = [];
      for (const some of chunked([...known.keys()], mostRecorded))
        rows.push(...(await state.call({ op: 'recordedAnswers', keys: some, at })).answers);
      const found = await inTurns(rows, async (row): Promise<readonly [string, RecordedAnswer] | null> => {
        const packed = await blobs.get(row.blob);
        if (packed === null) return null;
        const body = (await unpack(packed, { maxOutputLength: maxBodyBytes })).toString('utf8');
        const [from, to] = [Date.parse(row.from), Date.parse(row.to)];
        const isOld = instant > to + Math.max(endLagsMs, row.keepSeconds * 1000);
        return [known.get(row.key) ?? row.key, { status: row.status, body, from, to: Math.min(to, instant), isOld }];
      });
      return new Map(found.flatMap((each) => (each ? [each] : [])));
    },
    async settled(ms) {
      if (running.size > 0) await Promise.race([Promise.allSettled(running), wait(ms)]);
    },
  };
}

/** Does something with each, so many at once. Results in their order. */
async function inTurns<Each, Result>(all: readonly Each[], work: (each: Each) => Promise<Result>): Promise<Result[]> {
  const results: Result[] = [];
  for (const some of chunked(all, atOnce)) results.push(...(await Promise.all(some.map(work))));
  return results;
}
