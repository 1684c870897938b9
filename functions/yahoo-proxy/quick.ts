import { randomUUID } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { matchesEtag } from '../../core/http/etag.ts';
import type { ProxyDependencies } from './dependencies.ts';
import { readTarget } from './path-key.ts';
import { outsideFeed } from './refusals.ts';
import { addressHeaders, codedBody, headersOf, type Reply } from './reply.ts';

export interface QuickAnswer {
  readonly status: number;
  readonly headers: Record<string, string>;
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
}

/** Ids of requests: one that is random for the process, and a number, which costs a hit less than another random one. */
const firstId = randomUUID();
let lastId = 0;

const maxBytes = 32 * 1024 * 1024;

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
  return {
    answer(method, fullTarget, header) {
      if (method !== 'GET' && method !== 'HEAD') return null;
      const { target, given } = readTarget(fullTarget, header);
      const kept = replies.get(target);
      if (!kept) return null;
      const { reply } = kept;
      const now = clock();
      if (reply.freshUntil <= now) {
        replies.delete(target);
        return null;
      }
      const admission = gate.quick(given);
      // A refusal goes through the app, which words it.
      if (!admission?.admitted || outsideFeed(admission.feed, reply.questions)) return null;
      kept.countHit();
      const age = Math.floor((now - (reply.fetchedAt ?? now)) / 1000);
      if (age !== kept.age) {
        kept.age = age;
        kept.headers = headersOf(reply, 'HIT', { now, simulated });
      }
      const requestId = header('x-request-id');
      const id = requestId && /^[\w.:-]{1,64}$/.test(requestId) ? requestId : `${firstId}-${++lastId}`;
      const headers = addressHeaders({ ...kept.headers, 'x-request-id': id }, given);
      if (reply.etag !== null && matchesEtag(header('if-none-match'), reply.etag)) {
        delete headers['content-type'];
        return { status: 304, headers, body: null, length: 0 };
      }
      if (method === 'HEAD') return { status: reply.status, headers, body: null, length: 0 };
      const coded = codedBody(reply, header('accept-encoding'));
      if (coded === null) return { status: reply.status, headers, body: reply.body, length: kept.length };
      headers['content-encoding'] = coded.coding;
      return { status: reply.status, headers, body: coded.body, length: coded.body.byteLength };
    },
    keep(fullTarget, reply, now) {
      if (reply.fetchedAt === null || reply.status !== 200 || reply.cache === 'STALE' || reply.freshUntil <= now)
        return;
      replies.set(readTarget(fullTarget, () => undefined).target, {
        reply,
        length: Buffer.byteLength(reply.body),
        countHit: metrics.counter(reply.route, 'HIT', reply.status),
        age: -1,
        headers: {},
      });
    },
  };
}
