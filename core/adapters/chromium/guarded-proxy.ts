import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import { connect, isIP, type LookupFunction, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { isPublicAddress } from '../http/addresses.ts';
import { guardedLookup, RefusedError } from '../http/upstream.ts';

/** What a page may reach, and how much it may load. */
export interface PageRules {
  readonly origins: readonly string[];
  readonly allowPrivate: boolean;
  /** The total of everything the page loads, packed and unpacked. */
  readonly maxBytes: number;
}

/**
 * The browser's only way out: an HTTP proxy in this process. It applies the same rules as to every other call: only the
 * origins of the source, whatever the page, a redirect or a script requests, and the address is checked when the socket
 * connects. The browser itself resolves no name.
 */
export interface GuardedProxy {
  readonly url: string;
  /** Sets the rules for the next page, closes open connections and resets the counters. */
  begin(rules: PageRules): void;
  /** Counts bytes as the browser unpacked them: a page may be packed a thousand times smaller. */
  unpacked(bytes: number): void;
  /** Whether the page loaded too much. */
  tooLarge(): boolean;
  /** Resolves when it does. */
  whenTooLarge(): Promise<void>;
  /** Whether a request to an origin was refused. */
  refused(origin: string): boolean;
  close(): Promise<void>;
}

/** Hop-by-hop headers, which are not passed on. */
const hopByHop = /^(connection|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade)$/i;

const nothing: PageRules = { origins: [], allowPrivate: false, maxBytes: 0 };

/** Starts the proxy on a free port of this machine. */
export async function startGuardedProxy(): Promise<GuardedProxy> {
  let rules = nothing;
  let left = 0;
  let leftUnpacked = 0;
  let exceeded = Promise.withResolvers<void>();
  const refusedOrigins = new Set<string>();
  const sockets = new Set<Duplex>();
  const keep = (socket: Duplex) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => sockets.delete(socket));
  };
  const closeAll = () => {
    for (const socket of sockets) socket.destroy();
  };
  /** Counts received bytes; a page that loads too much is cut off. */
  const count = (bytes: number, unpackedBytes = 0) => {
    left -= bytes;
    leftUnpacked -= unpackedBytes;
    if (!isTooLarge()) return;
    exceeded.resolve();
    closeAll();
  };
  const isTooLarge = () => left < 0 || leftUnpacked < 0;
  const mayReach = (target: URL) => {
    const host = target.hostname.replace(/^\[|\]$/g, '');
    const allowed =
      rules.origins.includes(target.origin) && (isIP(host) === 0 || rules.allowPrivate || isPublicAddress(host));
    if (!allowed) refusedOrigins.add(target.origin);
    return allowed && !isTooLarge();
  };
  /** Names are resolved when the socket connects; one that leads to a private address is refused there. */
  const lookupFor = (target: URL): LookupFunction => {
    const lookup = guardedLookup(rules.allowPrivate);
    return (hostname, options, callback) =>
      lookup(hostname, options, (error, address, family) => {
        if (error instanceof RefusedError) refusedOrigins.add(target.origin);
        callback(error, address, family);
      });
  };

  const server = http.createServer((incoming, outgoing) => {
    const target = URL.canParse(incoming.url ?? '') ? new URL(incoming.url ?? '') : null;
    if (target?.protocol !== 'http:' || !mayReach(target)) {
      // No answer, because it would be parsed as one of the source.
      outgoing.destroy();
      return;
    }
    forward(incoming, outgoing, target, lookupFor(target), keep, count);
  });
  server.on('connection', keep);
  server.on('connect', (request: IncomingMessage, client: Duplex, head: Buffer) => {
    keep(client);
    const address = `https://${request.url ?? ''}`;
    const target = URL.canParse(address) ? new URL(address) : null;
    if (!target || !mayReach(target)) {
      client.end('HTTP/1.1 403 Forbidden\r\n\r\n');
      return;
    }
    const upstream = connect({
      host: target.hostname.replace(/^\[|\]$/g, ''),
      port: Number(target.port || 443),
      lookup: lookupFor(target),
    });
    keep(upstream);
    upstream.once('connect', () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      if (head.length > 0) upstream.write(head);
      client.pipe(upstream);
      upstream.on('data', (chunk: Buffer) => count(chunk.length));
      upstream.pipe(client);
    });
    upstream.once('error', () => client.destroy());
    upstream.once('close', () => client.destroy());
    client.once('close', () => upstream.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  // It must not keep an idle container or a test alive.
  server.unref();
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`,
    begin(next) {
      closeAll();
      rules = next;
      left = next.maxBytes;
      leftUnpacked = next.maxBytes;
      exceeded = Promise.withResolvers<void>();
      refusedOrigins.clear();
    },
    unpacked: (bytes) => count(0, bytes),
    tooLarge: isTooLarge,
    whenTooLarge: () => exceeded.promise,
    refused: (origin) => refusedOrigins.has(origin),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        closeAll();
      }),
  };
}

function forward(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  target: URL,
  lookup: LookupFunction,
  keep: (socket: Socket) => void,
  count: (bytes: number) => void,
): void {
  // Unpacked, where the source obeys: what is counted here is then what the browser gets.
  const headers = {
    ...Object.fromEntries(Object.entries(incoming.headers).filter(([name]) => !hopByHop.test(name))),
    'accept-encoding': 'identity',
  };
  const sent = http.request(target, { method: incoming.method, headers, lookup, agent: false }, (answer) => {
    const { statusCode = 0 } = answer;
    // Node can pass on no such status: the page hung up.
    if (statusCode < 200) {
      outgoing.destroy();
      return;
    }
    const passed: string[] = [];
    for (let at = 0; at < answer.rawHeaders.length; at += 2) {
      const name = answer.rawHeaders[at] ?? '';
      if (!hopByHop.test(name)) passed.push(name, answer.rawHeaders[at + 1] ?? '');
    }
    outgoing.writeHead(statusCode, passed);
    answer.on('data', (chunk: Buffer) => count(chunk.length));
    answer.on('error', () => outgoing.destroy());
    answer.pipe(outgoing);
  });
  sent.on('socket', keep);
  // No answer, because an error page of the proxy would be parsed as one of the source.
  sent.on('error', () => outgoing.destroy());
  // Of a 101 that nobody asked for, Node tells nothing but this.
  sent.once('close', () => {
    if (!outgoing.headersSent) outgoing.destroy();
  });
  outgoing.once('close', () => sent.destroy());
  incoming.pipe(sent);
}
