/**
 * The dashboard's server with an API that is only a memory: the built page with its real security headers, and the
 * routes of `core/contracts/http`, each answer checked against its contract before it is sent. Tests change its state
 * and its manners: empty, slow, failing, signed out.
 */
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { z } from 'zod';
import { credentialsSchemas } from '../../../core/auth/credentials.ts';
import type { EventType } from '../../../core/contracts/events/event.ts';
import { simulatedHeader } from '../../../core/contracts/http/envelope.ts';
import { constituentsSchema } from '../../../core/contracts/http/indices.ts';
import {
  barsSchema,
  exchangeSchema,
  instrumentSchema,
  quoteSchema,
  tickRowSchema,
} from '../../../core/contracts/http/market.ts';
import {
  credentialsStateSchema,
  deadLetterSchema,
  healthSampleSchema,
  quarantineSchema,
  redriveRequestSchema,
  runAcceptedSchema,
  runDetailSchema,
  runSchema,
  type SessionView,
  serviceSchema,
  servicesSchema,
  sessionSchema,
  signInSchema,
  sourceSchema,
  stopRequestSchema,
} from '../../../core/contracts/http/operations.ts';
import { incidentSchema, recoveryAcceptedSchema, recoverySchema } from '../../../core/contracts/http/recovery.ts';
import { replayRequestSchema, replaySchema } from '../../../core/contracts/http/replays.ts';
import { pageOf } from '../../../core/contracts/page-paths.ts';
import { securityHeaders } from '../../../core/contracts/security-headers.ts';
import { changeAlert, readAlerts } from './alert-double.ts';
import { barsOf } from './bar-data.ts';
import { type Answer, bodyOf, data, problem, requestId, withEtag } from './double-answer.ts';
import { type DoubleState, usualState } from './double-state.ts';
import { changeExport, readExports } from './export-double.ts';
import { constituentsOf } from './index-data.ts';
import { exchangesOf, explained, instrumentsOf, ticksOf } from './market-data.ts';
import { changeModel, readModels } from './model-double.ts';
import { runDetailOf, runsOf, usualDays, usualIncidents } from './operations-data.ts';
import { changePage, readPage } from './page-double.ts';
import { redrive, replayAsked, replayId, replayLooked } from './quarantine-double.ts';
import { readQuotes } from './quote-double.ts';
import { formerRecoveries, recoveryAt, recoveryId } from './recovery-data.ts';
import { flowOf, healthAnswer, sourceHours, systemHistory } from './system-data.ts';

export const goodKey = 'qtr_live_c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3I_0a1b2c';
export const goodToken = 'one-time-token';

/** Starts the double on a free port of 127.0.0.1. `reset` gives it its usual state again. */
export async function startApiDouble(dist: string) {
  const state = usualState();
  const open = new Set<ServerResponse>();
  let position = 0;
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://double');
    if (pathname === '/api/v1/events' && state.feed && !state.fail.has('/events')) {
      const by = searchParams.get('client') ?? 'nobody';
      state.requests.push(`GET /events after ${request.headers['last-event-id'] ?? 'now'} by ${by}`);
      response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
      response.write(`retry: 200\n\nid: ${position}\n\n`);
      open.add(response);
      response.once('close', () => open.delete(response));
      return;
    }
    handle(state, dist, request, response).catch((error: unknown) => {
      response.writeHead(500, { 'content-type': 'text/plain' }).end(`The double broke: ${String(error)}`);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The double listens on no port.');
  return {
    url: `http://127.0.0.1:${address.port}`,
    state,
    /** Tells those who follow the feed of an event; gives how many these are. */
    tell(type: EventType, event: unknown) {
      position += 1;
      for (const each of open)
        each.write(
          `id: ${position}\nevent: quotron.${type}\ndata: ${JSON.stringify({ type: `quotron.${type}`, data: event })}\n\n`,
        );
      return open.size;
    },
    /** Breaks the streams that are open. */
    breakStreams() {
      for (const each of open) each.destroy();
    },
    reset: () => Object.assign(state, usualState()),
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
export type ApiDouble = Awaited<ReturnType<typeof startApiDouble>>;

const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
};

async function handle(
  state: DoubleState,
  dist: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://double');
  if (!url.pathname.startsWith('/api/v1/')) {
    await sendFile(dist, url.pathname, response);
    return;
  }
  const path = url.pathname.slice('/api/v1'.length);
  const delay = state.delayMs.get(path);
  if (delay !== undefined) await new Promise((resolve) => setTimeout(resolve, delay));
  const answer = await answerTo(state, request, path, url.searchParams);
  state.requests.push(`${request.method} ${path} ${answer.status}`);
  const simulated = state.simulated.length > 0 ? { [simulatedHeader]: state.simulated.join(',') } : {};
  response.writeHead(answer.status, { 'x-request-id': requestId, ...simulated, ...answer.headers });
  response.end(answer.text ?? (answer.body === undefined ? undefined : JSON.stringify(answer.body)));
}

async function sendFile(dist: string, path: string, response: ServerResponse): Promise<void> {
  const file = pageOf(path, '') ?? normalize(path);
  try {
    const body = await readFile(join(dist, file));
    response
      .writeHead(200, { ...securityHeaders, 'content-type': types[extname(file)] ?? 'application/octet-stream' })
      .end(body);
  } catch {
    response.writeHead(404, securityHeaders).end();
  }
}

async function answerTo(
  state: DoubleState,
  request: IncomingMessage,
  path: string,
  query: URLSearchParams,
): Promise<Answer> {
  const failure = state.fail.get(path);
  if (failure) return problem(failure.status, failure.code, failure.title, failure.detail);
  if (request.method === 'POST' && path === '/session') return signIn(state, await bodyOf(request));
  if (state.signedOut || !(request.headers.cookie ?? '').includes('qtr_session=double')) {
    return problem(401, 'unauthenticated', 'An API key is needed', 'Sign in with POST /session.');
  }
  const [, of] = /^\/sources\/([^/]+)\/credentials$/.exec(path) ?? [];
  if (request.method === 'PUT' && of !== undefined)
    return credentialsSet(state, of, request.headers['x-api-key'], await bodyOf(request));
  if (request.method === 'DELETE' && path === '/session') {
    return { status: 204, headers: { 'set-cookie': 'qtr_session=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict' } };
  }
  // There is no feed, and no use in asking again.
  if (path === '/events') return { status: 204 };
  if (request.method !== 'GET') return change(state, request.method ?? '', path, query, await bodyOf(request));
  return withEtag(read(state, path, query), request);
}

function signIn(state: DoubleState, body: unknown): Answer {
  const given = signInSchema.safeParse(body);
  if (!given.success) return problem(400, 'invalid_request', 'The request is not valid', 'A key or a token is needed.');
  const accepted =
    'key' in given.data ? given.data.key === goodKey : given.data.token === goodToken && !state.tokenUsed;
  if (!accepted)
    return problem(
      401,
      'sign_in_refused',
      'The sign-in was refused',
      'The key is unknown, revoked or expired, or was mistyped.',
    );
  if ('token' in given.data) state.tokenUsed = true;
  state.signedOut = false;
  return {
    ...data(sessionSchema, session(state)),
    headers: { 'set-cookie': 'qtr_session=double; Path=/; HttpOnly; SameSite=Strict' },
  };
}

function session(state: DoubleState): SessionView {
  return {
    name: 'local operate',
    scopes: state.scopes,
    use: 'internal',
    expiresAt: new Date(Date.now() + 12 * 3_600_000).toISOString(),
  };
}

function read(state: DoubleState, path: string, query: URLSearchParams): Answer {
  const ofPage =
    readPage(state, path, query) ??
    readQuotes(state, path, query) ??
    readModels(state, path, query) ??
    readExports(state, path, query) ??
    readAlerts(state, path);
  if (ofPage) return ofPage;
  const [, collection = '', id, part] = path.split('/').map(decodeURIComponent);
  if (path === '/session') return data(sessionSchema, session(state));
  if (path === '/instruments')
    return data(z.array(instrumentSchema), instrumentsOf(state.quotes, query.get('query') ?? ''));
  if (path === '/exchanges') return data(z.array(exchangeSchema), exchangesOf(state.quotes));
  if (path === '/sources') return data(z.array(sourceSchema), state.sources);
  if (path === '/health') return healthAnswer(state);
  if (path === '/health/history') return systemHistory(query.get('by'));
  if (path === '/health/flow') return flowOf(query.get('by'));
  if (path === '/services') {
    return data(servicesSchema, { services: state.services, queues: state.queues, events: state.eventsWaiting });
  }
  if (path === '/quarantine') return data(z.array(quarantineSchema), state.quarantine);
  if (path === '/dead-letters') {
    return data(
      z.array(deadLetterSchema),
      state.deadLetters.filter((letter) => letter.queue === query.get('queue')),
    );
  }
  if (path === '/recoveries') {
    const sourceId = query.get('sourceId') ?? state.recovery?.sourceId ?? 'yahoo';
    const asked = state.recovery?.sourceId === sourceId ? [recoveryAt(sourceId, state.recovery.looks)] : [];
    return data(z.array(recoverySchema), [...asked, ...formerRecoveries(sourceId)]);
  }
  if (collection === 'recoveries' && id === recoveryId && state.recovery)
    return data(recoverySchema, recoveryAt(state.recovery.sourceId, state.recovery.looks++));
  if (collection === 'replays' && id === replayId && state.replay)
    return data(replaySchema, replayLooked(state, state.replay));
  if (path === '/incidents') return data(z.array(incidentSchema), usualIncidents(query.get('sourceId') ?? 'yahoo'));
  if (collection === 'sources' && path.endsWith('/health/history'))
    return query.get('by') === 'day' ? data(z.array(healthSampleSchema), usualDays()) : sourceHours();
  if (path === '/runs')
    return data(
      z.array(runSchema),
      runsOf(query.get('sourceId') ?? 'yahoo').filter((run) => (query.get('status') ?? run.status) === run.status),
    );
  if (collection === 'runs' && id !== undefined && state.runs.has(id) && state.promisedLooks-- > 0) {
    return problem(404, 'unknown_run', 'There is no such run', 'One that was just asked for appears within seconds.');
  }
  if (collection === 'runs' && id !== undefined) return data(runDetailSchema, runDetailOf(id, looked(state, id)));
  const quote = state.quotes.find((one) => one.instrument.symbol === id);
  if (!quote) return problem(404, 'unknown_symbol', 'The symbol is not known', `No source has data for ${id}.`);
  if (collection === 'quotes' && part === 'history') return data(z.array(tickRowSchema), ticksOf(quote));
  if (collection === 'quotes') return data(quoteSchema, explained(quote));
  if (collection === 'indices' && part === 'constituents' && quote.instrument.symbol === '^GSPC')
    return data(constituentsSchema, constituentsOf(quote));
  if (collection === 'indices')
    return problem(404, 'no_constituents', 'The members of the index are not known', `No source has data for ${id}.`);
  if (collection === 'bars') {
    const source = query.get('source') ?? quote.source;
    const candidate = explained(quote).candidates?.find((each) => each.source === source);
    return data(barsSchema, barsOf({ ...quote, source, price: candidate?.price ?? quote.price }));
  }
  return problem(404, 'not_found', 'There is nothing here', `There is no ${path}.`);
}

/** Sets credentials by a key, as the function does that alone may: no session does. */
function credentialsSet(state: DoubleState, id: string, key: unknown, body: unknown): Answer {
  if (key !== goodKey)
    return problem(401, 'invalid_key', 'The API key is not valid', 'The API key is unknown, revoked or expired.');
  const source = state.sources.find((one) => one.id === id);
  if (!source?.credentials) return problem(404, 'no_credentials', 'The source needs no credentials', `${id} has none.`);
  const { form } = source.credentials;
  const given = credentialsSchemas[form].parse(body);
  source.credentials = { form, isSet: true, changedAt: new Date().toISOString(), hint: null };
  return data(credentialsStateSchema, { sourceId: id, fields: Object.keys(given), ...source.credentials });
}

/** A run is finished when it is looked at the second time. */
function looked(state: DoubleState, id: string): boolean {
  const before = state.runs.get(id);
  if (before === undefined) return true;
  state.runs.set(id, before + 1);
  return before >= 1;
}

function untilOf(body: unknown): string | null {
  return stopRequestSchema.nullish().parse(body)?.until ?? null;
}

function change(state: DoubleState, method: string, path: string, query: URLSearchParams, body: unknown): Answer {
  const [, collection, id, action] = path.split('/').map(decodeURIComponent);
  const source = state.sources.find((one) => one.id === id);
  const service = state.services.find((one) => one.id === id);
  if (!state.scopes.includes('operate'))
    return problem(403, 'forbidden', 'The key may not do this', 'It needs the scope operate.');
  const ofPage =
    changeAlert(state, method, path, body) ??
    changeModel(state, method, path, query, body) ??
    changeExport(state, method, path, body) ??
    changePage(state, method, path, body);
  if (ofPage) return ofPage;
  if (path === '/dead-letters/redrive') return redrive(state, redriveRequestSchema.parse(body).queue);
  if (path === '/quarantine/replay') return replayAsked(state, replayRequestSchema.parse(body));
  if (collection === 'services' && service && (action === 'start' || action === 'stop')) {
    service.running = action === 'start';
    service.stoppedUntil = action === 'start' ? null : untilOf(body);
    service.changedAt = new Date().toISOString();
    return data(serviceSchema, service);
  }
  if (collection !== 'sources' || !source)
    return problem(404, 'unknown_source', 'There is no such source', `There is no ${path}.`);
  if (action === 'run') {
    const id = '5e1f3a77-90aa-5f0e-8f3c-6f2f0a1d9b01';
    state.runs.set(id, 0);
    const stopped = state.services.filter((one) => !one.running && one.id === 'scrapers');
    const warnings = stopped.map((one) => ({
      code: 'service_stopped',
      message: `The service ${one.id} is stopped: the run waits.`,
    }));
    return {
      ...data(runAcceptedSchema, { id, status: 'planned', runs: [{ job: 'quotes', id }] }, { warnings }),
      status: 202,
      headers: { location: `/api/v1/runs/${id}` },
    };
  }
  if (action === 'recover') {
    state.recovery = { sourceId: source.id, looks: 0 };
    return {
      ...data(recoveryAcceptedSchema, { id: recoveryId, status: 'pending', sourceId: source.id }),
      status: 202,
      headers: { location: `/api/v1/recoveries/${recoveryId}` },
    };
  }
  source.paused = action === 'stop';
  source.pausedUntil = action === 'start' ? null : untilOf(body);
  return data(sourceSchema, source);
}
