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
import { bodyPlace, proxyBlobKey, readBodyPlace } from '../../core/contracts/s3-keys.ts';
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
/** The longest packed body that shares a blob. */
const mostShared = 64 * 1024;
/** How far the end of a row may be behind what was heard: unchanged answers move it only so often. */
const endLagsMs = 5 * 60_000;

export function answerRecord(options: AnswerRecordOptions): AnswerRecord {
  const { state, blobs, now, wait, lost, log } = options;
  /** Where bodies are that this container has written, by month and hash. */
  const places = new LRUCache<string, string>({ max: 5_000 });
  const running = new Set<Promise<void>>();
  let waiting = 0;
  let pausedUntil = Number.NEGATIVE_INFINITY;
  const recordKey = (key: string) => (options.simulated ? `simulated/${key}` : key);

  async function write(answers: readonly NewAnswer[]): Promise<void> {
    const noted = answers.map(({ key, answer }) => {
      const { status, body, lifetime } = answer;
      const fetchedAt = new Date(answer.fetchedAt).toISOString();
      const hash = hashOf(body);
      return { key: recordKey(key), status, fetchedAt, keepSeconds: lifetime.keep, hash, body };
    });
    const contentOf = ({ fetchedAt, hash }: { fetchedAt: string; hash: string }) => `${fetchedAt.slice(0, 7)}/${hash}`;
    const unwritten = new Map(
      noted.filter((each) => !places.has(contentOf(each))).map((each) => [contentOf(each), each]),
    );
    const packed = await inTurns([...unwritten], async ([content, { body, fetchedAt, hash }]) => {
      return { content, fetchedAt, hash, bytes: await pack(body) };
    });
    const [small, large] = [packed.filter(isSmall), packed.filter((each) => !isSmall(each))];
    // What came together is one blob: a request to S3 costs as much for one body as for fifty.
    const blobsToWrite = [...large.map((each) => [each]), ...(small.length > 0 ? [small] : [])];
    await inTurns(blobsToWrite, async (bodies) => {
      const [first] = bodies;
      if (first === undefined) return;
      const hash = bodies.length === 1 ? first.hash : hashOf(bodies.map(({ content }) => content).join());
      const key = proxyBlobKey(first.fetchedAt, hash);
      await blobs.put(key, Buffer.concat(bodies.map(({ bytes }) => bytes)));
      let offset = 0;
      for (const { content, bytes } of bodies) {
        places.set(content, bodyPlace(key, bodies.length === 1 ? null : { offset, length: bytes.length }));
        offset += bytes.length;
      }
    });
    const rows = noted.flatMap(({ hash, body: _, ...row }) => {
      const content = contentOf({ ...row, hash });
      const blob = places.get(content);
      return blob === undefined ? [] : [{ ...row, content, blob }];
    });
    // After the blobs: what the index names is there.
    for (const some of chunked(rows, mostRecorded)) await state.call({ op: 'recordAnswers', answers: some });
  }

  /** The packed bodies at some places. Several of one blob are read at once. */
  async function read(all: readonly string[]): Promise<ReadonlyMap<string, Buffer>> {
    const byBlob = Map.groupBy(new Set(all), (place) => readBodyPlace(place).key);
    const found = await inTurns([...byBlob], async ([key, ofBlob]) => {
      const [only] = ofBlob;
      const part = ofBlob.length === 1 && only !== undefined ? readBodyPlace(only).part : null;
      const bytes = await blobs.get(key, part);
      return ofBlob.map((place) => [place, bytes && (part ? bytes : partOf(bytes, place))] as const);
    });
    return new Map(found.flat().flatMap(([place, bytes]) => (bytes ? [[place, bytes] as const] : [])));
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
      const bodies = await read(rows.map(({ blob }) => blob));
      const found = await inTurns(rows, async (row): Promise<readonly [string, RecordedAnswer] | null> => {
        const packed = bodies.get(row.blob);
        if (packed === undefined) return null;
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

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}

/** Bodies that share a blob are read with it where several are asked for. */
function isSmall({ bytes }: { readonly bytes: Buffer }): boolean {
  return bytes.length <= mostShared;
}

function partOf(bytes: Buffer, place: string): Buffer {
  const { part } = readBodyPlace(place);
  return part === null ? bytes : bytes.subarray(part.offset, part.offset + part.length);
}

/** Does something with each, so many at once. Results in their order. */
async function inTurns<Each, Result>(all: readonly Each[], work: (each: Each) => Promise<Result>): Promise<Result[]> {
  const results: Result[] = [];
  for (const some of chunked(all, atOnce)) results.push(...(await Promise.all(some.map(work))));
  return results;
}
