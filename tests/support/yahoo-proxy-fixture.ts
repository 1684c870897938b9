import { httpUpstream } from '../../core/adapters/http/upstream.ts';
import { memoryState } from '../../core/adapters/memory/state.ts';
import type { UpstreamCall } from '../../core/ports/upstream.ts';
import { type AssembledProxy, assembleProxy, type ProxyWorld } from '../../functions/yahoo-proxy/assemble.ts';
import { openGate } from '../../functions/yahoo-proxy/gate.ts';
import type { RunningUpstreams } from '../../localstack/upstreams/server.ts';
import type { ProxyRequest } from './yahoo-proxy-requests.ts';

export interface TestProxy {
  readonly proxy: AssembledProxy;
  /** What was sent upstream. */
  readonly calls: UpstreamCall[];
  readonly logged: unknown[];
  /** Lets time pass for the proxy, and for nobody else. */
  pass(seconds: number): void;
  ask(path: string, headers?: Record<string, string>, method?: string): Promise<Response>;
  /** Asks what a client asks: a POST where it has a body. */
  request(request: ProxyRequest, headers?: Record<string, string>): Promise<Response>;
}

/** The proxy in this process, in front of the simulated Yahoo, with a clock of its own. */
export async function testProxy(
  upstreams: Pick<RunningUpstreams, 'urlOf'>,
  world: Partial<ProxyWorld> = {},
  // Short for tests of an upstream that hangs; those of many calls give a busy machine its time.
  timeoutMs = 1_000,
): Promise<TestProxy> {
  const calls: UpstreamCall[] = [];
  const logged: unknown[] = [];
  let ahead = 0;
  const now = () => Date.now() + ahead;
  const proxy = await assembleProxy({
    state: memoryState(now),
    shared: null,
    blobs: null,
    gate: openGate(undefined),
    sourceUrls: { yahoo: upstreams.urlOf('yahoo') },
    simulated: true,
    sessionSecret: async () => 'the secret of these tests',
    now,
    wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    memoryBytes: 16 * 1024 * 1024,
    gatherMs: 5,
    log: (error) => logged.push(error),
    ...world,
    upstream: (options) => {
      const send = world.upstream?.(options) ?? httpUpstream({ ...options, timeoutMs });
      return (call) => {
        calls.push(call);
        return send(call);
      };
    },
  })();
  return {
    proxy,
    calls,
    logged,
    pass: (seconds) => {
      ahead += seconds * 1000;
    },
    ask: async (path, headers = {}, method = 'GET') =>
      proxy.app.request(`http://localhost${path}`, { method, headers }),
    request: async ({ path, body }, headers = {}) =>
      proxy.app.request(
        `http://localhost${path}`,
        body === undefined
          ? { headers }
          : { method: 'POST', headers: { ...headers, 'content-type': 'application/json' }, body },
      ),
  };
}
