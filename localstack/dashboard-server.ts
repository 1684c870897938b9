/**
 * What CloudFront does on AWS: serves the built dashboard, and passes `/api/*` and `/yahoo/*` to the REST API with all
 * headers but `host`. Long answers, which on AWS come from S3 itself, come from here under `/downloads/*`: the emulator
 * takes no request of a browser.
 */
import { createReadStream, existsSync, statSync } from 'node:fs';
import {
  request as httpRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type ServerResponse,
} from 'node:http';
import type { Socket } from 'node:net';
import { extname, join, normalize, sep } from 'node:path';
import { pipeline } from 'node:stream';
import { pageOf } from '../core/contracts/page-paths.ts';
import { answersPrefix, artifactsPrefix } from '../core/contracts/s3-keys.ts';
import { securityHeaders } from '../core/contracts/security-headers.ts';
import { namesOwnHost } from '../core/http/own-host.ts';
import { baseHeaders } from '../core/http/respond.ts';
import { strictServer } from '../core/http/strict-server.ts';
import type { EventStreams } from './event-streams.ts';
import { explainListenError } from './ports.ts';
import { codeOf } from './problem.ts';

export interface DashboardOptions {
  /** 0 picks a free one. */
  readonly port: number;
  /** The built page. */
  readonly folder: string;
  /** Base URL of the REST API's stage: paths are appended. */
  readonly apiUrl: string;
  readonly emulatorUrl: string;
  /** Proves this server to the emulator's gate; `null` where there is none. */
  readonly gateSecret: string | null;
  /** Answers requests for a stream of events, which the emulator cannot; without it, the API's short form does. */
  readonly streams?: Pick<EventStreams, 'answer'>;
  /** How long the emulator may be silent, in ms: a little longer than API Gateway lets a function take, unless given. */
  readonly silentMs?: number;
}

export interface RunningDashboard {
  readonly url: string;
  readonly port: number;
  stop(): Promise<void>;
}

const types: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.map': 'application/json',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.webmanifest': 'application/manifest+json',
  '.woff2': 'font/woff2',
};

/** Of the connection, not of the message: a proxy does not pass them on (RFC 9110, 7.6.1). */
const hopByHop = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** What request targets are relative to; no target names it. */
const here = 'http://dashboard.invalid';

/** Serves the dashboard on 127.0.0.1. */
export async function startDashboard(options: DashboardOptions): Promise<RunningDashboard> {
  const server = strictServer({}, (request, response) => {
    if (!namesOwnHost(request)) {
      refuseHost(response);
      return;
    }
    // Some request targets, such as `//`, are no URL, and some name a host of their own: `//api/v1`, `http://host/api/v1`.
    const url = URL.parse(request.url ?? '/', here);
    if (url?.origin !== here) {
      notFound(response);
      return;
    }
    const { pathname: path, search } = url;
    if (options.streams?.answer(request, response)) return;
    if (/^\/(api|yahoo)(\/|$)/.test(path)) proxy(request, response, options);
    else if (path.startsWith(downloads)) download(request, response, options, path.slice(downloads.length - 1), search);
    else serveFile(request, response, options.folder, path);
  });
  // A client that is kept busy for a second must not find its connection closed as it sends: Node's own limit is 5 s.
  server.keepAliveTimeout = 65_000;
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(explainListenError(error, 'the dashboard', options.port)));
    server.listen(options.port, '127.0.0.1', resolve);
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : options.port;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

/** The path under which the emulator's presigned URLs are served. */
const downloads = '/downloads/';

/** What the API gives links to: `/bucket/key`. Nothing else of the emulator is here. */
const linked = new RegExp(`^/[a-z0-9][a-z0-9.-]+/(?:${answersPrefix}|${artifactsPrefix})[^/]`);

/** What a browser needs of an object. The emulator would let pages of any origin read it. */
const headersOfObject = new Set([
  'accept-ranges',
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-length',
  'content-range',
  'content-type',
  'etag',
  'last-modified',
]);

function refuseHost(response: ServerResponse): void {
  response.writeHead(421, { ...securityHeaders, 'content-type': 'text/plain; charset=utf-8' });
  response.end('This server answers to 127.0.0.1 and localhost only.\n');
}

function notFound(response: ServerResponse): void {
  response.writeHead(404, { ...securityHeaders, 'content-type': 'text/plain; charset=utf-8' });
  response.end('Not found\n');
}

function proxy(request: IncomingMessage, response: ServerResponse, options: DashboardOptions): void {
  const { pathname } = new URL(options.apiUrl);
  pass(request, response, options, {
    path: `${pathname}${request.url ?? '/'}`,
    headers: {
      ...throughTheGate(request.headers, options.gateSecret),
      'x-forwarded-host': request.headers.host ?? '',
      'x-forwarded-proto': 'http',
      'x-forwarded-for': request.socket.remoteAddress ?? '',
    },
  });
}

/** The browser's headers as the gate takes them: `localstack/ministack/gate.py` gives them back their names. */
function throughTheGate(headers: IncomingHttpHeaders, gateSecret: string | null): OutgoingHttpHeaders {
  return Object.fromEntries(
    Object.entries(headers)
      .flatMap(([name, value]): [string, string | string[] | undefined][] => {
        if (name === 'host' || name.startsWith('x-quotron-') || hopByHop.has(name)) return [];
        const saidByBrowser = name === 'origin' || name.startsWith('sec-fetch-');
        return [[gateSecret !== null && saidByBrowser ? `x-quotron-browser-${name}` : name, value]];
      })
      .concat(gateSecret === null ? [] : [['x-quotron-gate', gateSecret]]),
  );
}

/** Serves the object of a presigned URL. Keys and cookies are not forwarded: the URL alone authorises. */
function download(
  request: IncomingMessage,
  response: ServerResponse,
  options: DashboardOptions,
  path: string,
  search: string,
): void {
  const presigned = linked.test(path) && new URLSearchParams(search).has('X-Amz-Signature');
  if (!presigned || (request.method !== 'GET' && request.method !== 'HEAD')) {
    notFound(response);
    return;
  }
  pass(request, response, options, {
    path: `${path}${search}`,
    headers: {},
    shown: (headers) => ({
      ...Object.fromEntries(Object.entries(headers).filter(([name]) => headersOfObject.has(name))),
      // It is of the dashboard's origin here, and on AWS of one that has nothing else.
      ...baseHeaders,
    }),
  });
}

interface Passed {
  readonly path: string;
  readonly headers: OutgoingHttpHeaders;
  /** The headers of the answer that go on; all unless given. */
  readonly shown?: (headers: IncomingHttpHeaders) => OutgoingHttpHeaders;
}

function pass(
  request: IncomingMessage,
  response: ServerResponse,
  { emulatorUrl, port, silentMs = 35_000 }: DashboardOptions,
  { path, headers, shown = (given) => given }: Passed,
): void {
  const { hostname, port: emulatorPort } = new URL(emulatorUrl);
  let answered = false;
  const upstream = httpRequest(
    // A connection of its own: one that was kept may be closed by the emulator as the request is sent.
    { host: hostname, port: emulatorPort, method: request.method, path, headers, agent: false },
    (answer) => {
      const { statusCode = 0 } = answer;
      if (statusCode < 200) {
        answer.destroy();
        return;
      }
      answered = true;
      const kept = Object.fromEntries(Object.entries(shown(answer.headers)).filter(([name]) => !hopByHop.has(name)));
      const { location } = answer.headers;
      if (location?.startsWith(`${emulatorUrl}/`))
        kept['location'] =
          `http://${request.headers.host ?? `127.0.0.1:${port}`}${downloads}${location.slice(emulatorUrl.length + 1)}`;
      response.writeHead(statusCode, kept);
      pipeline(answer, response, () => undefined);
    },
  );
  let silent = false;
  upstream.setTimeout(silentMs, () => {
    silent = true;
    upstream.destroy(new Error('The emulator is silent.'));
  });
  const failed = (code: string | null) => {
    if (response.headersSent) {
      response.destroy();
      return;
    }
    const status = silent ? 504 : 502;
    response.writeHead(status, {
      ...securityHeaders,
      'content-type': 'application/problem+json',
      'cache-control': 'no-store',
    });
    response.end(
      JSON.stringify({
        type: 'about:blank',
        title: 'The local cloud does not answer',
        status,
        detail: `The emulator that runs the API cannot be reached (${silent ? 'silent' : (code ?? 'no answer')}). Is \`npm start\` still running?`,
        code: 'unavailable',
        retryable: true,
      }),
    );
  };
  upstream.once('error', (error) => failed(codeOf(error) ?? null));
  // What is no answer, Node tells by nothing but this.
  upstream.once('close', () => {
    if (!answered && !response.writableEnded && !response.destroyed) failed(null);
  });
  response.once('close', () => upstream.destroy());
  request.pipe(upstream);
}

function serveFile(request: IncomingMessage, response: ServerResponse, folder: string, path: string): void {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.writeHead(405, { ...securityHeaders, allow: 'GET, HEAD' });
    response.end();
    return;
  }
  const file = fileOf(folder, path, request.headers.accept ?? '');
  if (file === null) {
    notFound(response);
    return;
  }
  response.writeHead(200, {
    ...securityHeaders,
    'content-type': types[extname(file)] ?? 'application/octet-stream',
    'content-length': statSync(file).size,
    // Vite puts a hash into the names under /assets; everything else may change with the next build.
    'cache-control': path.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache',
  });
  if (request.method === 'HEAD') response.end();
  else pipeline(createReadStream(file), response, () => undefined);
}

/** The file of a path; the page itself for a path that the page routes; `null` for a missing asset. */
function fileOf(folder: string, path: string, accept: string): string | null {
  let decoded: string;
  try {
    decoded = decodeURIComponent(path);
  } catch {
    return null;
  }
  if (decoded.includes('\0')) return null;
  const file = normalize(join(folder, decoded));
  if (!file.startsWith(folder + sep) && file !== folder && file !== folder + sep) return null;
  const page = pageOf(decoded, accept);
  const wanted = page === null ? file : join(folder, page);
  return existsSync(wanted) && statSync(wanted).isFile() ? wanted : null;
}
