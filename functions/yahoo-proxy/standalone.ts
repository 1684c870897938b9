import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { getRequestListener } from '@hono/node-server';
import { namesByDns, whyNotByDns } from '../../core/adapters/http/dns-names.ts';
import { httpUpstream } from '../../core/adapters/http/upstream.ts';
import { memoryState } from '../../core/adapters/memory/state.ts';
import { isOfNoPage } from '../../core/http/own-host.ts';
import { strictServer } from '../../core/http/strict-server.ts';
import { catalogue, setQuotas } from '../../core/sources/catalogue.ts';
import { readQuotas } from '../../core/sources/quotas.ts';
import { yahoo } from '../../core/sources/yahoo/source.ts';
import { openAuthority } from './as-yahoo/authority.ts';
import { openTlsDoor, yahooPage } from './as-yahoo/tls-door.ts';
import { type AssembledProxy, assembleProxy } from './assemble.ts';
import { openGate } from './gate.ts';
import { heartbeat } from './heartbeat.ts';

export { AsYahooError } from './as-yahoo/authority.ts';

export interface StandaloneOptions {
  /** 0 picks a free one. */
  readonly port: number;
  readonly host: string;
  /** Base URL to call instead of Yahoo: a simulator, a recording. */
  readonly upstream?: string | undefined;
  /** Required from every client; without it, every program of this machine may use it, and no page in a browser. */
  readonly key?: string | undefined;
  /** Requests of a minute and a day in place of the usual ones: `yahoo=200/300000`. */
  readonly quotas?: string | undefined;
  /** Answers under Yahoo's own hosts, too, for clients that can connect nowhere else. */
  readonly asYahoo?: AsYahoo | undefined;
  readonly log: (line: string) => void;
  /** Milliseconds between heartbeats; 0 for none. */
  readonly heartbeatMs?: number;
}

export interface AsYahoo {
  /** The folder of the local authority; it is made there. */
  readonly folder: string;
  /** The port of TLS, or another where that is taken or not allowed, unless given. */
  readonly port?: number | undefined;
  /** DNS servers to find Yahoo by, past the hosts file; those of the system unless given. */
  readonly dns: readonly string[];
}

export interface StandaloneProxy {
  readonly url: string;
  /** Where it is Yahoo, and the certificate that clients are told to trust. */
  readonly asYahoo: {
    readonly port: number;
    readonly hosts: readonly string[];
    readonly certificate: string;
    readonly isNew: boolean;
  } | null;
  readonly proxy: AssembledProxy;
  stop(): Promise<void>;
}

const memoryBytes = 128 * 1024 * 1024;
const usualHeartbeatMs = 5 * 60_000;
/** What it has in place of under TLS. */
const yahooHosts = yahoo.origins.map((origin) => new URL(origin).hostname);
/** How long quotes that many clients request at once are gathered into one call. */
const gatherMs = 5;

/**
 * The proxy as a standalone process: the same app as the function's, with its own session, its quota in memory, and no
 * database. Yahoo sees one client.
 */
export async function startStandalone(options: StandaloneOptions): Promise<StandaloneProxy> {
  const read = readQuotas(options.quotas ?? '', catalogue);
  if ('wrong' in read) throw new Error(`The setting of quotas ${read.wrong}.`);
  setQuotas(read.quotas);
  const { asYahoo } = options;
  const byDns = asYahoo && options.upstream === undefined ? namesByDns(asYahoo.dns) : null;
  const secret = randomBytes(32).toString('base64url');
  const proxy = await assembleProxy({
    state: memoryState(Date.now),
    shared: null,
    blobs: null,
    gate: openGate(options.key),
    sourceUrls: options.upstream === undefined ? {} : { yahoo: options.upstream },
    simulated: options.upstream !== undefined,
    sessionSecret: async () => secret,
    // The hosts file may have this proxy in Yahoo's place.
    upstream: byDns ? (upstream) => httpUpstream(upstream, byDns) : httpUpstream,
    now: Date.now,
    wait: (ms) => sleep(ms),
    memoryBytes,
    gatherMs,
    // Our own error messages contain no request and no key.
    log: (error) => options.log(error instanceof Error ? error.message : 'unknown error'),
  })();
  const serve = proxyListener(proxy);
  const server = strictServer({}, (request, response) => {
    if (options.key === undefined && !isOfNoPage(request, yahooPage)) refusePage(response);
    else serve(request, response);
  });
  const authority = asYahoo ? openAuthority(asYahoo.folder, yahooHosts, Date.now) : null;
  const door =
    asYahoo && authority
      ? await openTlsDoor({
          host: options.host,
          port: asYahoo.port,
          authority,
          hosts: yahooHosts,
          pages: options.key === undefined ? 'refused' : 'admitted',
          serve,
        })
      : null;
  const servers = door ? [server, door.server] : [server];
  const sockets = new Set<Socket>();
  for (const each of servers)
    each.on('connection', (socket: Socket) => {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
    });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, resolve);
  }).catch((error: unknown) => {
    door?.server.close();
    throw error;
  });
  if (asYahoo && byDns)
    void Promise.all(yahooHosts.map((host) => whyNotByDns(asYahoo.dns, host))).then((reasons) => {
      const [why] = reasons.filter((reason) => reason !== null);
      if (why !== undefined)
        options.log(`Yahoo cannot be called: ${why}. Name a DNS server that knows it, with --dns 9.9.9.9 for example.`);
    });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : options.port;
  const beat = () => void heartbeat(proxy).catch((error: unknown) => proxy.log(error, ''));
  const every = options.heartbeatMs ?? usualHeartbeatMs;
  const timer = every > 0 ? setInterval(beat, every) : undefined;
  if (every > 0) beat();
  const host = options.host.includes(':') ? `[${options.host}]` : options.host;
  return {
    url: `http://${host}:${port}`,
    asYahoo: door &&
      authority && { port: door.port, hosts: yahooHosts, certificate: authority.file, isNew: authority.isNew },
    proxy,
    stop: async () => {
      clearInterval(timer);
      const closed = servers.map((each) => new Promise<void>((resolve) => each.close(() => resolve())));
      for (const socket of sockets) socket.destroy();
      await Promise.all(closed);
    },
  };
}

/** Without a key, any page that is open in a browser here could use up the quota with Yahoo. */
function refusePage(response: ServerResponse): void {
  response.writeHead(403, { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' });
  response.end('Without QUOTRON_PROXY_KEY this proxy is for programs of this machine, and for no page in a browser.\n');
}

/** A header as it was sent; Node makes an object of all of them for whoever looks at `headers`. */
function headerOf(raw: readonly string[], name: string): string | undefined {
  let found: string | undefined;
  for (let at = 0; at < raw.length; at += 2) {
    const each = raw[at];
    if (each?.length !== name.length || each.toLowerCase() !== name) continue;
    found = found === undefined ? raw[at + 1] : `${found}, ${raw[at + 1]}`;
  }
  return found;
}

/** Serves a proxy: from memory without a request object where possible, otherwise by the app. */
export function proxyListener({
  app,
  quick,
}: AssembledProxy): (request: IncomingMessage, response: ServerResponse) => void {
  const whole = getRequestListener((request) => app.fetch(request));
  return (request, response) => {
    const known = quick(request.method ?? '', request.url ?? '', (name) => headerOf(request.rawHeaders, name));
    if (!known) return void whole(request, response);
    const { status, headers, body } = known;
    if (body !== null) headers.push('content-length', String(known.length));
    response.writeHead(status, headers);
    if (body === null) response.end();
    // Where each character is one byte, this takes less work.
    else if (typeof body === 'string') response.end(body, known.length === body.length ? 'latin1' : 'utf8');
    else response.end(body);
  };
}
