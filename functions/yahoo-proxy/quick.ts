import { randomUUID } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { beginsAsKey } from '../../core/auth/api-keys.ts';
import { matchesEtag } from '../../core/http/etag.ts';
import { type GivenKey, givenKey, splitKey } from '../../core/http/given-key.ts';
import type { ProxyDependencies } from './dependencies.ts';
import { outsideFeed } from './refusals.ts';
import { addressHeaders, codedBody, headersOf, type Reply } from './reply.ts';

export interface QuickAnswer {
  readonly status: number;
  /** Names and values in turn, as a server of Node takes them. */
  readonly headers: string[];
  /** `null` for a 304, and for HEAD. */
  readonly body: string | Uint8Array<ArrayBuffer> | null;
  /** Bytes of the body. */
  readonly length: number;
}

export interface Quick {
  answer(method: string, target: string, header: (name: string) => string | undefined): QuickAnswer | null;
  keep(target: string, reply: Reply, now: number): void;
}

/** A reply, and what is the same for all who get it within a second. */
interface Kept {
  readonly reply: Reply;
  readonly length: number;
  readonly countHit: () => void;
  /** The `Age` that the headers say. */
  age: number;
  headers: Record<string, string>;
  /** The headers as a list, by the kind of key that came; made when somebody asks so. */
  lines: Map<KeyKind, readonly string[]>;
}

/** Kinds of keys to which an answer has different headers. */
type KeyKind = 'in a header' | 'in the address' | 'of ours in the address';

/** Ids of requests: one that is random for the process, and a number, which costs a hit less than another random one. */
const firstId = randomUUID();
let lastId = 0;

const maxBytes = 32 * 1024 * 1024;
const mostRead = 2_000;
const longestRead = 500;

/**
 * Caches whole replies by request target while everything in them is fresh, so that a repeated request is neither
 * parsed nor assembled again. The key is still checked and counted on every request, and an expired reply is never
 * served.
 */
export function createQuick({
  gate,
  metrics,
  clock,
  simulated,
}: Pick<ProxyDependencies, 'gate' | 'metrics' | 'clock' | 'simulated'>): Quick {
  const replies = new LRUCache<string, Kept>({
    maxSize: maxBytes,
    // Packed bodies are kept with it.
    sizeCalculation: ({ reply }, target) => reply.body.length * 3 + target.length * 2 + 1_000,
  });
  /** Addresses that were answered so, with what was read of them: the same few are asked again and again. */
  const read = new Map<string, ReturnType<typeof splitKey>>();
  function remember(fullTarget: string, split: ReturnType<typeof splitKey>): void {
    if (read.size >= mostRead) read.clear();
    if (fullTarget.length <= longestRead) read.set(fullTarget, split);
  }
  return {
    answer(method, fullTarget, header) {
      if (method !== 'GET' && method !== 'HEAD') return null;
      const known = read.get(fullTarget);
      const split = known ?? splitKey(fullTarget, '/yahoo');
      const { target, key } = split;
      const kept = replies.get(target);
      if (!kept) return null;
      const { reply } = kept;
      const now = clock();
      if (reply.freshUntil <= now) {
        replies.delete(target);
        return null;
      }
      const given = givenKey(key, header);
      const admission = gate.quick(given);
      // A refusal goes through the app, which words it.
      if (!admission?.admitted || outsideFeed(admission.feed, reply.questions)) return null;
      if (!known) remember(fullTarget, split);
      kept.countHit();
      const age = Math.floor((now - (reply.fetchedAt ?? now)) / 1000);
      if (age !== kept.age) {
        kept.age = age;
        kept.headers = headersOf(reply, 'HIT', { now, simulated });
        kept.lines.clear();
      }
      const requestId = header('x-request-id');
      const id = requestId && /^[\w.:-]{1,64}$/.test(requestId) ? requestId : `${firstId}-${++lastId}`;
      const { status } = reply;
      const lines = linesFor(kept, given);
      if (reply.etag !== null && matchesEtag(header('if-none-match'), reply.etag)) {
        const type = lines.indexOf('content-type');
        const headers = [...lines.toSpliced(type, 2), 'x-request-id', id];
        return { status: 304, headers, body: null, length: 0 };
      }
      const headers = [...lines, 'x-request-id', id];
      if (method === 'HEAD') return { status, headers, body: null, length: 0 };
      const coded = codedBody(reply, header('accept-encoding'));
      if (coded === null) return { status, headers, body: reply.body, length: kept.length };
      headers.push('content-encoding', coded.coding);
      return { status, headers, body: coded.body, length: coded.body.byteLength };
    },
    keep(fullTarget, reply, now) {
      if (reply.fetchedAt === null || reply.status !== 200 || reply.cache === 'STALE' || reply.freshUntil <= now)
        return;
      replies.set(splitKey(fullTarget, '/yahoo').target, {
        reply,
        length: Buffer.byteLength(reply.body),
        countHit: metrics.counter(reply.route, 'HIT', reply.status),
        age: -1,
        headers: {},
        lines: new Map(),
      });
    },
  };
}

/** The headers for a key: those of an address have more, the same for all of its kind. */
function linesFor(kept: Kept, given: GivenKey | undefined): readonly string[] {
  const kind = !given?.inPath ? 'in a header' : beginsAsKey(given.key) ? 'of ours in the address' : 'in the address';
  const known = kept.lines.get(kind) ?? Object.entries(addressHeaders(kept.headers, given)).flat();
  kept.lines.set(kind, known);
  return known;
}
