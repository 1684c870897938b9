import { LRUCache } from 'lru-cache';
import { simulatedHeader } from '../../core/contracts/http/envelope.ts';
import type { Question } from '../../core/contracts/proxy.ts';
import {
  type CodedBody,
  type Coding,
  codingFor,
  leastPackedBytes,
  packedBody,
} from '../../core/http/content-coding.ts';
import { weakEtag } from '../../core/http/etag.ts';
import { type GivenKey, pathKeyHeaders } from '../../core/http/given-key.ts';
import { baseHeaders } from '../../core/http/respond.ts';
import type { KeptAnswer } from '../../core/proxy/lifetimes.ts';
import type { CacheLookup, CacheResult } from './answer-cache.ts';

/** What of a question a feed token is bound to. */
export type AskedOf = Pick<Question, 'route' | 'symbol' | 'query' | 'body'>;

/** An answer of the proxy, before the headers that depend on the moment. */
export interface Reply {
  readonly route: string;
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
  /** What it answers: whoever gets it again must be allowed to ask for all of it. */
  readonly questions: readonly AskedOf[];
  readonly cache: CacheResult | 'NONE';
  /** When Yahoo gave it; the oldest part counts. `null` for replies that are not from Yahoo. */
  readonly fetchedAt: number | null;
  /** Until when it may answer the same request. */
  readonly freshUntil: number;
  /** It replaces a new answer that was not available. */
  readonly isFallback: boolean;
  readonly etag: string | null;
  readonly headers: Readonly<Record<string, string>>;
}

/** A reply that is not from Yahoo: an error, a page. */
export function plainReply(
  route: string,
  made: { status: number; contentType: string; body: string },
  headers: Readonly<Record<string, string>> = {},
): Reply {
  return {
    route,
    ...made,
    questions: [],
    cache: 'NONE',
    fetchedAt: null,
    freshUntil: 0,
    isFallback: false,
    etag: null,
    headers,
  };
}

/** A reply made of cache lookups, all with an answer. */
export function foundReply(
  route: string,
  made: { status: number; contentType: string; body: string },
  parts: readonly CacheLookup[],
): Reply {
  const answers = parts.flatMap(({ answer }) => answer ?? []);
  return {
    route,
    ...made,
    questions: parts.map(({ question }) => question),
    cache: worst(parts.map(({ cache }) => cache)),
    fetchedAt: Math.min(...answers.map(({ fetchedAt }) => fetchedAt)),
    freshUntil: Math.min(...answers.map(freshUntil)),
    isFallback: parts.some(({ failed }) => failed !== null),
    etag: made.status === 200 ? weakEtag(made.body) : null,
    headers: {},
  };
}

function freshUntil({ fetchedAt, lifetime }: KeptAnswer): number {
  return fetchedAt + lifetime.fresh * 1000;
}

/** The cache result of several parts: stale data must be visible, and so must a call. */
function worst(parts: readonly CacheResult[]): CacheResult {
  return (['STALE', 'MISS', 'REVALIDATED'] as const).find((each) => parts.includes(each)) ?? 'HIT';
}

/** Packed bodies, as long as their replies live: a repeated request packs nothing again. */
const packed = new WeakMap<Reply, Map<Coding, CodedBody>>();
/** What clients send as `Accept-Encoding`, of which there are few. */
const wanted = new LRUCache<string, { readonly coding: Coding | null }>({ max: 100 });

/** A body in the coding that the client likes best, or `null` where it is sent as it is. */
export function codedBody(reply: Reply, acceptEncoding: string | undefined): CodedBody | null {
  if (acceptEncoding === undefined || !isPackable(reply)) return null;
  const known = wanted.get(acceptEncoding) ?? { coding: codingFor(acceptEncoding) };
  wanted.set(acceptEncoding, known);
  const { coding } = known;
  if (coding === null) return null;
  const bodies = packed.get(reply) ?? new Map<Coding, CodedBody>();
  packed.set(reply, bodies);
  const coded = bodies.get(coding) ?? packedBody(reply.body, coding);
  bodies.set(coding, coded);
  return coded;
}

/** Answers of Yahoo that take more than a packet. */
function isPackable({ fetchedAt, body }: Reply): boolean {
  return fetchedAt !== null && body.length >= leastPackedBytes;
}

/** The headers of a reply at a time. Where a simulator stands in for Yahoo, every reply says so. */
export function headersOf(
  reply: Reply,
  cache: Reply['cache'],
  { now, simulated }: { readonly now: number; readonly simulated: boolean },
): Record<string, string> {
  const headers: Record<string, string> = {
    'content-type': reply.contentType,
    ...baseHeaders,
    ...(simulated ? { [simulatedHeader]: 'yahoo' } : {}),
    ...reply.headers,
  };
  if (reply.fetchedAt === null) {
    headers['cache-control'] = 'no-store';
    return headers;
  }
  // Counted from the fetch, like `age`.
  const lifetime = Math.max(0, Math.floor((reply.freshUntil - reply.fetchedAt) / 1000));
  headers['x-cache'] = cache;
  headers['age'] = String(Math.max(0, Math.floor((now - reply.fetchedAt) / 1000)));
  headers['cache-control'] = cache === 'STALE' ? 'private, no-cache' : `private, max-age=${lifetime}`;
  if (reply.etag !== null) headers['etag'] = reply.etag;
  if (isPackable(reply)) headers['vary'] = 'accept-encoding';
  if (cache === 'STALE')
    headers['warning'] = reply.isFallback ? '111 quotron "Revalidation Failed"' : '110 quotron "Response is Stale"';
  return headers;
}

/** The headers of an answer, with what they have beside the rest where the key stood in the address. */
export function addressHeaders(headers: Record<string, string>, given: GivenKey | undefined): Record<string, string> {
  if (!given?.inPath) return headers;
  const had = { cacheControl: headers['cache-control'] ?? null, warning: headers['warning'] ?? null };
  return { ...headers, ...pathKeyHeaders(given.key, had) };
}
