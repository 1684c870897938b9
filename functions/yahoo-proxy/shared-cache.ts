import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { chunked } from '../../core/contracts/chunked.ts';
import type { SharedAnswer } from '../../core/contracts/proxy.ts';
import type { RunReason } from '../../core/contracts/words/run-reasons.ts';
import type { State } from '../../core/ports/state.ts';
import type { KeptAnswer } from '../../core/proxy/lifetimes.ts';
import type { Pause } from './breaker.ts';

/** The time of a lease: enough for the line, a login, a request and its retry. */
const leaseSeconds = 28;
/** How long no container repeats a failed request. */
const holdSeconds = 2;
/**
 * Longer packed answers stay in the container that fetched them: the payload of `state` is limited to 6 MB. Sixty years of
 * daily bars take 0.9 MB.
 */
const maxPackedBytes = 2 * 1024 * 1024;
/** Packed bytes in one request to `state`, as base64. */
const mostBytesPerRequest = 4 * 1024 * 1024;
const maxBodyBytes = 16 * 1024 * 1024;

const pack = promisify(gzip);
const unpack = promisify(gunzip);

export interface Taken {
  readonly answer: KeptAnswer | null;
  /** Set for the caller that may call Yahoo. */
  readonly token: number | null;
  readonly failure: RunReason | null;
}

/** The right to fetch a key from Yahoo, and its token. */
export interface Lease {
  readonly key: string;
  readonly token: number;
}

/** What the containers of the proxy share, behind `state`. */
export interface SharedCache {
  /** `lease` false: only looks. */
  take(keys: readonly string[], lease: boolean): Promise<{ pause: Pause | null; entries: ReadonlyMap<string, Taken> }>;
  put(answers: readonly (Lease & { answer: KeptAnswer })[]): Promise<void>;
  fail(leases: readonly Lease[], reason: RunReason, pauseSeconds: number): Promise<void>;
  /** Gives leases back: another container may try at once. */
  release(leases: readonly Lease[]): Promise<void>;
  sweep(maxBytes: number): Promise<{ removed: number; bytes: number }>;
}

/** Keys per request to `state`. */
const mostPerRequest = 100;

export function stateSharedCache(state: State, sourceId: string): SharedCache {
  async function end(leases: readonly Lease[], reason: RunReason, holdSeconds: number, pauseSeconds: number) {
    const named = leases.map(({ key, token }) => ({ key, token }));
    for (const some of chunked(named, mostPerRequest))
      await state.call({ op: 'cacheFail', sourceId, leases: some, reason, holdSeconds, pauseSeconds });
  }
  return {
    async take(keys, lease) {
      const answers = await Promise.all(
        chunked(keys, mostPerRequest).map((some) =>
          state.call({ op: 'cacheTake', sourceId, keys: some, leaseSeconds: lease ? leaseSeconds : 0 }),
        ),
      );
      const entries = answers.flatMap((answer) => answer.entries);
      const pause = answers.find((answer) => answer.pause)?.pause ?? null;
      const taken = await Promise.all(
        entries.map(
          async ({ key, answer, token, failure }): Promise<[string, Taken]> => [
            key,
            { answer: answer && (await unpacked(answer)), token, failure },
          ],
        ),
      );
      return {
        pause: pause && { until: Date.parse(pause.until), reason: pause.reason },
        entries: new Map(taken),
      };
    },
    async put(answers) {
      const packed = await Promise.all(
        answers.map(async ({ key, token, answer }) => ({ key, token, answer: await packedAnswer(answer) })),
      );
      const fitting = packed.flatMap(({ key, token, answer }) => (answer ? [{ key, token, answer }] : []));
      for (const some of batchesOf(fitting)) await state.call({ op: 'cachePut', sourceId, answers: some });
      const unfit = packed.filter(({ answer }) => answer === null);
      // Too long to share: the other containers may fetch it themselves, one after the other.
      if (unfit.length > 0) await end(unfit, 'unexplained', 0, 0);
    },
    fail: (leases, reason, pauseSeconds) => end(leases, reason, holdSeconds, pauseSeconds),
    release: (leases) => end(leases, 'unexplained', 0, 0),
    sweep: (maxBytes) => state.call({ op: 'cacheSweep', maxBytes }),
  };
}

/** Answers in requests of so many, and of so many bytes. */
function batchesOf<T extends { readonly answer: SharedAnswer }>(answers: readonly T[]): T[][] {
  const batches: T[][] = [];
  let bytes = 0;
  for (const each of answers) {
    const last = batches.at(-1);
    bytes += each.answer.body.length;
    if (last && last.length < mostPerRequest && bytes <= mostBytesPerRequest) last.push(each);
    else {
      batches.push([each]);
      bytes = each.answer.body.length;
    }
  }
  return batches;
}

async function packedAnswer({ status, body, lifetime, fetchedAt }: KeptAnswer): Promise<SharedAnswer | null> {
  const bytes = await pack(body);
  if (bytes.length > maxPackedBytes) return null;
  return {
    status,
    body: bytes.toString('base64'),
    fetchedAt: new Date(fetchedAt).toISOString(),
    freshSeconds: lifetime.fresh,
    reuseSeconds: lifetime.reuse,
    keepSeconds: lifetime.keep,
  };
}

/** `null` for an answer that cannot be unpacked: of another version, or damaged. */
async function unpacked(answer: SharedAnswer): Promise<KeptAnswer | null> {
  try {
    const body = await unpack(Buffer.from(answer.body, 'base64'), { maxOutputLength: maxBodyBytes });
    return {
      status: answer.status,
      body: body.toString('utf8'),
      lifetime: { fresh: answer.freshSeconds, reuse: answer.reuseSeconds, keep: answer.keepSeconds },
      fetchedAt: Date.parse(answer.fetchedAt),
    };
  } catch {
    return null;
  }
}
