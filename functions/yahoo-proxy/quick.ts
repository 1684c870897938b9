import { randomUUID } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { matchesEtag } from '../../core/http/etag.ts';
import type { ProxyDependencies } from './dependencies.ts';
import { splitPath } from './path-key.ts';
import { headersOf, type Reply } from './reply.ts';

export interface QuickAnswer {
  readonly status: number;
  readonly headers: Record<string, string>;
  /** `null` for a 304, and for HEAD. */
  readonly body: string | null;
}

export interface Quick {
  answer(method: string, target: string, header: (name: string) => string | undefined): QuickAnswer | null;
  keep(target: string, reply: Reply, now: number): void;
}

const maxBytes = 16 * 1024 * 1024;

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
  const replies = new LRUCache<string, Reply>({
    maxSize: maxBytes,
    sizeCalculation: ({ body }, target) => (body.length + target.length) * 2 + 500,
  });
  return {
    answer(method, fullTarget, header) {
      if (method !== 'GET' && method !== 'HEAD') return null;
      const { target, key } = splitPath(fullTarget);
      const reply = replies.get(target);
      if (!reply) return null;
      const now = clock();
      if (reply.freshUntil <= now) {
        replies.delete(target);
        return null;
      }
      const admission = gate.quick(key ?? header('x-api-key'));
      // A refusal goes through the app, which words it.
      if (!admission?.admitted) return null;
      metrics.answered(reply.route, 'HIT', reply.status);
      const headers = headersOf(reply, 'HIT', { now, simulated });
      const given = header('x-request-id');
      headers['x-request-id'] = given && /^[\w.:-]{1,64}$/.test(given) ? given : randomUUID();
      if (reply.etag !== null && matchesEtag(header('if-none-match'), reply.etag)) {
        delete headers['content-type'];
        return { status: 304, headers, body: null };
      }
      return { status: reply.status, headers, body: method === 'HEAD' ? null : reply.body };
    },
    keep(fullTarget, reply, now) {
      if (reply.fetchedAt === null || reply.status !== 200 || reply.cache === 'STALE' || reply.freshUntil <= now)
        return;
      replies.set(splitPath(fullTarget).target, reply);
    },
  };
}
