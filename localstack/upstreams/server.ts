/**
 * The simulated upstreams: one HTTP server on 127.0.0.1, each source under its own prefix (`/yahoo/…`), and the
 * switches under `/_control`. It is never deployed; it replaces the internet.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { parseJson } from '../../core/contracts/parse-json.ts';
import { namesOwnHost } from '../../core/http/own-host.ts';
import { strictServer } from '../../core/http/strict-server.ts';
import { explainListenError } from '../ports.ts';
import { type Answer, html, json, type Request, text } from './answer.ts';
import { Control, faultSchema } from './control.ts';
import { loadSimulators, type SimSource } from './simulator.ts';
import { captcha, challenge, download, maintenance } from './walls.ts';

export interface UpstreamsOptions {
  /** 0 picks a free one. */
  readonly port: number;
  /** Seed of the prices. */
  readonly seed?: string;
  /**
   * An ISO instant at which the simulator's clock starts. With it, the market has trading hours; without, it never
   * closes.
   */
  readonly clock?: string | undefined;
  /** The simulator's clock itself, in place of one that runs: the market has trading hours by it. */
  readonly now?: (() => number) | undefined;
  /** How many invented listings the simulated Yahoo has; none unless given. */
  readonly listings?: number;
  /**
   * The API key that `/_control` requires, looked up with each request. Without one, it is open to this process only.
   */
  readonly controlKey?: () => string | undefined;
}

export interface RunningUpstreams {
  readonly port: number;
  /** `http://127.0.0.1:<port>`. */
  readonly url: string;
  /** The base URL of a source. */
  urlOf(sourceId: string): string;
  readonly control: Control;
  stop(): Promise<void>;
}

const clockSchema = z.iso.datetime({ offset: true });

/** Starts the simulated upstreams in this process. */
export async function startUpstreams(options: UpstreamsOptions): Promise<RunningUpstreams> {
  const control = new Control();
  const clock = options.clock === undefined || options.clock === '' ? undefined : clockSchema.parse(options.clock);
  const shift = clock === undefined ? 0 : Date.parse(clock) - Date.now();
  const world = {
    seed: options.seed ?? 'quotron',
    alwaysOpen: clock === undefined && options.now === undefined,
    now: options.now ?? (() => Date.now() + shift),
    control,
    listings: options.listings ?? 0,
  };
  const simulators = await loadSimulators();
  const sources = new Map([...simulators].map(([id, simulator]) => [id, simulator.start(world)]));
  const server = strictServer({ keepAliveTimeout: 5_000 }, (request, response) => {
    serve(request, response, sources, control, origin(server), options.controlKey?.()).catch((error: unknown) => {
      if (!response.headersSent) send(response, text(500, `simulator: ${String(error)}\n`));
    });
  });
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(explainListenError(error, 'the simulated upstreams', options.port)));
    server.listen(options.port, '127.0.0.1', resolve);
  });
  const url = origin(server);
  return {
    port: Number(new URL(url).port),
    url,
    urlOf: (sourceId) => `${url}/${sourceId}`,
    control,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        // Hanging requests would keep the server open forever.
        for (const socket of sockets) socket.destroy();
      }),
  };
}

function origin(server: Server): string {
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
}

async function serve(
  incoming: IncomingMessage,
  response: ServerResponse,
  sources: ReadonlyMap<string, SimSource>,
  control: Control,
  base: string,
  controlKey: string | undefined,
): Promise<void> {
  if (!namesOwnHost(incoming))
    return send(response, text(421, 'The simulator answers to 127.0.0.1 and localhost only.\n'));
  const url = URL.parse(incoming.url ?? '/', base);
  if (url?.origin !== base || !decodes(url.pathname)) return send(response, text(400, 'There is no such address.\n'));
  const body = await bodyOf(incoming);
  if (body === null) return send(response, text(413, 'A simulator gets no body larger than a form.\n'));
  const [, id = '', ...rest] = url.pathname.split('/');
  if (id === '_control' && (controlKey === undefined || incoming.headers['x-api-key'] !== controlKey))
    return send(response, json(401, { error: 'Send the operate key of .quotron/local.json as x-api-key.' }));
  if (id === '_control') return send(response, controlAnswer(incoming.method ?? 'GET', url, body, control));
  const source = sources.get(id);
  if (source === undefined)
    return send(response, text(404, `No simulated source "${id}". There are: ${[...sources.keys()].join(', ')}\n`));

  const path = `/${rest.join('/')}`;
  const kind = source.kindOf(path, url.searchParams);
  control.count(id, kind);
  if (control.hit('hang', id, kind) !== undefined) return;
  const slow = control.hit('slow', id, kind);
  if (slow !== undefined) await delay(slow.delayMs);
  const request: Request = {
    method: incoming.method ?? 'GET',
    path,
    query: url.searchParams,
    headers: Object.fromEntries(
      Object.entries(incoming.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value]),
    ),
    body,
    base: `${base}/${id}`,
  };
  const refused = refusal(id, source, control, request, kind);
  if (refused !== undefined) return send(response, refused);
  const answer = source.answer(request);
  const broken =
    answer.status === 200 && /json/.test(String(answer.headers['content-type'])) && control.hit('malformed', id, kind);
  send(response, broken ? { ...answer, body: answer.body.slice(0, Math.floor(answer.body.length * 0.6)) } : answer);
}

/** The answer of a fault instead of the source's own. */
function refusal(
  id: string,
  source: SimSource,
  control: Control,
  request: Request,
  kind: ReturnType<SimSource['kindOf']>,
): Answer | undefined {
  const limited = control.hit('429', id, kind);
  if (limited !== undefined && source.tooMany) return source.tooMany(limited.retryAfterSeconds);
  if (limited !== undefined)
    return text(429, 'Too Many Requests\r\n', { 'retry-after': String(limited.retryAfterSeconds) });
  if (control.hit('403', id, kind) !== undefined) return html(403, forbidden, { 'cache-control': 'no-store' });
  if (control.hit('500', id, kind) !== undefined)
    return html(500, '<html><head><title>500</title></head><body>Internal Server Error</body></html>');
  const captchaHit = control.hit('captcha', id, kind);
  if (captchaHit !== undefined) return captcha(captchaHit.face);
  const challenged = control.hit('challenge', id, kind);
  const challengePage = challenged && challenge(request.headers['cookie'], challenged.passesAfterMs);
  if (challengePage) return challengePage;
  const closed = control.hit('maintenance', id, kind);
  if (closed !== undefined) return maintenance(closed.status);
  if (control.hit('download', id, kind) !== undefined) return download();
  const odd = control.hit('odd', id, kind);
  if (odd !== undefined) return text(odd.status, odd.body, { 'content-type': odd.type, 'x-odd': 'yes' });
  if (control.hit('echo', id, kind) !== undefined) return echo(request);
  return undefined;
}

const forbidden = `<!DOCTYPE html><html lang="en-US"><head><title>Just a moment...</title><meta name="robots" content="noindex,nofollow"></head>
<body><h1>Checking if the site connection is secure</h1><p>Enable JavaScript and cookies to continue</p><div id="challenge-form"></div></body></html>`;

/**
 * The error page of a careless server: everything the client sent, in plain, URL-encoded and base64 form, each part
 * separately and the whole request at once, where a secret begins at any position.
 */
function echo(request: Request): Answer {
  const forms = (value: string) => ({
    plain: value,
    encoded: encodeURIComponent(value),
    lower: encodeURIComponent(value).replaceAll(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()),
    base64: Buffer.from(value).toString('base64'),
    base64url: Buffer.from(value).toString('base64url'),
    encodedBase64: Buffer.from(encodeURIComponent(value)).toString('base64'),
  });
  const whole = `${request.method} ${request.path}?${request.query.toString()}\n${JSON.stringify(request.headers)}\n${request.body}`;
  return json(500, {
    error: 'unexpected error, request was:',
    url: `${request.path}?${request.query.toString()}`,
    headers: Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, forms(value ?? '')])),
    query: Object.fromEntries([...request.query].map(([name, value]) => [name, forms(value)])),
    whole: forms(whole),
  });
}

function controlAnswer(method: string, url: URL, body: string, control: Control): Answer {
  const what = `${method} ${url.pathname}`;
  switch (what) {
    case 'GET /_control/faults':
      return json(200, { faults: control.list() });
    case 'DELETE /_control/faults':
      control.clear();
      return json(200, { faults: [] });
    case 'POST /_control/faults': {
      const parsed = faultSchema.safeParse(parseJson(body));
      if (!parsed.success) return json(400, { error: z.prettifyError(parsed.error) });
      if (parsed.data.fault === 'price' && parsed.data.on && parsed.data.price === undefined)
        return json(400, { error: 'The fault "price" needs a price to be switched on.' });
      control.switch(parsed.data);
      return json(200, { faults: control.list() });
    }
    case 'GET /_control/requests':
      return json(200, { requests: control.requests(url.searchParams.get('reset') === '1') });
    default:
      return json(404, { error: `There is no ${what}. Use /_control/faults and /_control/requests.` });
  }
}

function decodes(path: string): boolean {
  try {
    return !decodeURIComponent(path).includes('\0');
  } catch {
    return false;
  }
}

/** `null` for one that is longer than any form. */
async function bodyOf(incoming: IncomingMessage): Promise<string | null> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of incoming) {
    if (!Buffer.isBuffer(part)) continue;
    size += part.length;
    if (size > 1_000_000) return null;
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

function send(response: ServerResponse, answer: Answer): void {
  const headers = Object.entries(answer.headers).map(([name, value]): [string, string | string[]] => [
    name,
    typeof value === 'string' ? value : [...value],
  ]);
  response.writeHead(answer.status, {
    date: new Date().toUTCString(),
    server: 'ATS',
    'x-content-type-options': 'nosniff',
    ...Object.fromEntries(headers),
  });
  response.end(answer.body);
}
