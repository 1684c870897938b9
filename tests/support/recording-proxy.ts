import { httpUpstream } from '../../core/adapters/http/upstream.ts';
import { memoryState } from '../../core/adapters/memory/state.ts';
import type { AnswerBlobs } from '../../core/ports/answer-blobs.ts';
import type { State } from '../../core/ports/state.ts';
import type { UpstreamCall } from '../../core/ports/upstream.ts';
import type { ProxyWorld } from '../../functions/yahoo-proxy/assemble.ts';
import type { RunningUpstreams } from '../../localstack/upstreams/server.ts';
import { testProxy } from './yahoo-proxy-fixture.ts';

/** Blobs of answers in memory. */
export function blobsInMemory(): AnswerBlobs & { readonly kept: Map<string, Buffer> } {
  const kept = new Map<string, Buffer>();
  return {
    kept,
    put: async (key, packed) => {
      if (!kept.has(key)) kept.set(key, packed);
    },
    get: async (key, part) => {
      const blob = kept.get(key);
      if (!blob || !part) return blob ?? null;
      return blob.subarray(part.offset, part.offset + part.length);
    },
  };
}

/** A proxy with a record in the database, whose Yahoo says `says` to everything, at a time that the test sets. */
export async function recordingProxy(
  world: { readonly upstreams: Pick<RunningUpstreams, 'urlOf'> },
  { state, start, ...more }: Partial<ProxyWorld> & { readonly state: State; readonly start: number },
) {
  let at = start;
  let body = '';
  let status = 200;
  const sent: UpstreamCall[] = [];
  // Permits and sessions by the clock of the test, the record in the database.
  const session = memoryState(() => at);
  const test = await testProxy(world.upstreams, {
    state: { call: (request) => (/^record|AsOf$/.test(request.op) ? state : session).call(request) },
    simulated: false,
    now: () => at,
    upstream: (options) => {
      const simulator = httpUpstream(options);
      return async (call) => {
        // Cookie and crumb are the simulator's.
        if (!/finance|calendar/.test(call.url.pathname)) return simulator(call);
        sent.push(call);
        const response = { status, headers: {}, body, truncated: false };
        return { response, error: null, setCookies: [], url: call.url, latencyMs: 1 };
      };
    },
    ...more,
  });
  return {
    ...test,
    sent,
    /** Yahoo's answer from an instant on. */
    says(atMs: number, text: string, withStatus = 200) {
      at = atMs;
      body = text;
      status = withStatus;
    },
    /** Asks what Yahoo says now, so that it is recorded. */
    async hear(path: string) {
      const answer = await test.ask(path);
      const text = await answer.text();
      await test.proxy.past?.record.settled(30_000);
      return { status: answer.status, text };
    },
    goTo(atMs: number) {
      at = atMs;
    },
    async asOf(instant: number | string, path: string, headers: Record<string, string> = {}) {
      const place = typeof instant === 'number' ? new Date(instant).toISOString() : instant;
      const answer = await test.ask(path.replace('/yahoo/', `/yahoo/at/${place}/`), headers);
      return { status: answer.status, text: await answer.text(), headers: answer.headers };
    },
  };
}
