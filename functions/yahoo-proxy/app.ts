/*
 * The Yahoo proxy over HTTP. Steps of a request:
 *   1. quick    the same request was answered, the answer is fresh and the key known: the same answer (quick.ts)
 *   2. guard    key and its limit (gate.ts)
 *   3. read     the question, known parameters only (core/proxy/read-question.ts)
 *   4. find     memory, shared cache, Yahoo (answer-cache.ts)
 *      Under /at/{instant}: the record and stored prices, and nothing else (replay.ts)
 *   5. reply    Yahoo's format on Yahoo's routes, the envelope of /api/v1 on the proxy's own; X-Cache, Age, ETag
 */
import { randomUUID } from 'node:crypto';
import { type Context, Hono } from 'hono';
import { chunked } from '../../core/contracts/chunked.ts';
import type { KeyUse } from '../../core/contracts/words/licence.ts';
import { matchesEtag } from '../../core/http/etag.ts';
import { ProblemError, problemBody, problems } from '../../core/http/problem.ts';
import { simulationOf } from '../../core/http/respond.ts';
import { asNumber, asText } from '../../core/http/wire-number.ts';
import { canonicalSymbol } from '../../core/market/symbol.ts';
import { indexNames, indexSymbol } from '../../core/proxy/indices.ts';
import { quoteRoute } from '../../core/proxy/market-routes.ts';
import { type ClientRequest, type QuestionsAsked, quoteQuestion, readRequest } from '../../core/proxy/read-question.ts';
import { type ProxyRoute, site } from '../../core/proxy/route.ts';
import { routes } from '../../core/proxy/routes.ts';
import { quoteAnswerBody } from '../../core/proxy/select-fields.ts';
import { failureAnswer, gatewayForm, unavailable, yahooError } from '../../core/proxy/yahoo-error.ts';
import type { CacheLookup } from './answer-cache.ts';
import type { ProxyDependencies } from './dependencies.ts';
import type { Admission } from './gate.ts';
import { judgeHealth } from './health.ts';
import { instantIn, keyGiven, routedPath } from './path-key.ts';
import { createQuick, type QuickAnswer } from './quick.ts';
import { proxyQuoteView, readRow } from './quote-view.ts';
import { readLimited } from './read-limited.ts';
import { outsideFeed, refusalProblem, yahooRefusal } from './refusals.ts';
import { instantAsked, noRecord, nothingThen, replayed } from './replay.ts';
import { addressHeaders, codedBody, foundReply, headersOf, plainReply, type Reply } from './reply.ts';

interface Bindings {
  readonly requestContext?: { readonly requestId?: string };
}
type ProxyContext = Context<{ Bindings: Bindings }>;

export interface ProxyApp {
  readonly app: Hono<{ Bindings: Bindings }>;
  /**
   * Answers repeated requests from memory without a request object, for servers that support it. `null` when the
   * request must go through the app.
   */
  quick(method: string, target: string, header: (name: string) => string | undefined): QuickAnswer | null;
}

/** The crumb for clients. It is a dummy: the proxy has its own session and crumb with Yahoo. */
const crumb = 'Quotron.000';
/** For clients that require a cookie, of which quantmod wants more than one. They are never read. */
const cookie = 'A3=d=Quotron&S=Quotron; Max-Age=31536000; Path=/; SameSite=Lax; HttpOnly';
const otherCookie = cookie.replace('A3', 'A1');

const siteHost = new URL(site).host;

const crumbRoute = { name: 'crumb', ...gatewayForm };

/** Routes that answer in the API's format, errors too. On all others, clients expect Yahoo's. */
const ownRoute = /^\/yahoo\/(?:quote|market|health|metrics)(?:\/|$)/;

/** The app on its dependencies, mounted at `/yahoo`. Makes no connection until a request needs one. */
export function createProxy(dependencies: ProxyDependencies): ProxyApp {
  const { cache, gate, metrics, clock, log, past, simulated } = dependencies;
  const quick = createQuick(dependencies);
  const app = new Hono<{ Bindings: Bindings }>({ getPath: (request) => routedPath(request.url) });

  app.use('/yahoo/*', async (context, next) => {
    const { req } = context;
    if (req.header('upgrade')?.toLowerCase().includes('websocket')) return send(context, noRoute(liveHelp));
    const at = instantIn(req.url);
    const path = routedPath(req.url);
    // The page of a symbol is where clients get their cookie, whatever their base address.
    const isPage = path.startsWith('/yahoo/quote/') && wantsPage(req.header('accept'));
    if (at !== null && ownRoute.test(path) && !isPage) return send(context, noRoute(ownNowHelp));
    const known = quick.answer(req.method, targetOf(req.url), (name) => req.header(name));
    if (known) return new Response(known.body, { status: known.status, headers: pairsOf(known.headers) });
    return next();
  });

  for (const route of routes)
    for (const path of route.paths) {
      const here = `/yahoo${path.replace(/\{(\w+)\}/, ':$1')}`;
      app.on(route.method, here, (context) => yahooRoute(context, route));
      app.all(here, (context) => send(context, wrongMethod(route.method)));
    }
  app.get('/yahoo/v1/test/getcrumb', async (context) => {
    const admission = await admit(context);
    if (!admission.admitted) return send(context, yahooRefusal(crumbRoute, admission));
    const at = instantIn(context.req.url);
    const time = at === null ? null : instantAsked(at, clock(), gatewayForm);
    if (time && 'error' in time) return send(context, plainReply('crumb', time.error));
    const page = { status: 200, contentType: 'text/plain;charset=utf-8', body: crumb };
    return send(context, plainReply('crumb', page, { 'set-cookie': cookie }));
  });

  app.get('/yahoo/quote/:symbol', async (context) => {
    if (wantsPage(context.req.header('accept')) || isOfSite(context)) return page(context, 200);
    const symbol = canonicalSymbol(symbolOf(context));
    if (!symbol)
      throw new ProblemError(
        'invalid_symbol',
        'A symbol is up to 32 letters, digits and . ^ = & _ -, as in BRK-B, ^GSPC or VOD.L.',
      );
    return ownQuote(context, 'own-quote', symbol);
  });
  app.get('/yahoo/market/:index', async (context) => {
    const symbol = indexSymbol(symbolOf(context));
    if (!symbol)
      throw new ProblemError(
        'unknown_symbol',
        `No index is known by that name. Use its symbol (^GSPC), or one of ${indexNames.join(', ')}.`,
      );
    return ownQuote(context, 'market', symbol);
  });
  // Without a key only the status, for load balancers.
  app.get('/yahoo/health', async (context) => {
    const { admitted } = await admit(context, 'nothing');
    const health = await judgeHealth(dependencies);
    const body = JSON.stringify(admitted ? health : { status: health.status, version: health.version, simulated });
    const status = health.status === 'fail' ? 503 : 200;
    return send(context, plainReply('health', { status, contentType: 'application/health+json', body }));
  });
  app.get('/yahoo/metrics', async (context) => {
    const admission = await admit(context, 'nothing');
    if (!admission.admitted) throw refusalProblem(admission);
    const { entries, bytes } = cache.size;
    const state = { closed: 0, half_open: 1, open: 2 }[dependencies.breaker.state];
    const body = metrics.text({
      quotron_proxy_cache_entries: { help: 'Answers in the memory of this process.', value: entries },
      quotron_proxy_cache_bytes: { help: 'What they take, about.', value: bytes },
      quotron_proxy_breaker_state: { help: '0 closed, 1 half open, 2 open.', value: state },
    });
    const contentType = 'text/plain; version=0.0.4; charset=utf-8';
    return send(context, plainReply('metrics', { status: 200, contentType, body }));
  });

  // Where clients get their cookie: `fc.yahoo.com` answers 404 with one, the site by its first page.
  for (const path of ['/yahoo', '/yahoo/']) app.get(path, (context) => page(context, isOfSite(context) ? 200 : 404));
  app.all('/yahoo/*', (context) => send(context, noRoute(noRouteHelp(routedPath(context.req.url)))));
  app.notFound((context) => send(context, noRoute(noRouteHelp(''))));
  app.onError((error, context) => {
    const requestId = requestIdOf(context);
    const problem =
      error instanceof ProblemError
        ? error
        : new ProblemError('unavailable', 'The proxy cannot work now: the function `state` cannot be reached.', {
            headers: { 'retry-after': '2' },
          });
    if (problem.code === 'unavailable') log(error, requestId);
    if (!(error instanceof ProblemError) && !ownRoute.test(routedPath(context.req.url)))
      return send(context, plainReply('other', unavailable(gatewayForm), problem.headers));
    const { status } = problems[problem.code];
    const body = JSON.stringify(problemBody(problem, requestId, routedPath(context.req.url).slice(0, 200)));
    const reply = plainReply('problem', { status, contentType: 'application/problem+json', body }, problem.headers);
    return send(context, reply);
  });

  async function yahooRoute(context: ProxyContext, route: ProxyRoute): Promise<Response> {
    const admission = await admit(context);
    if (!admission.admitted) return send(context, yahooRefusal(route, admission));
    const at = instantIn(context.req.url);
    const time = at === null ? null : instantAsked(at, clock(), route);
    if (time && 'error' in time) return send(context, plainReply(route.name, time.error));
    const asked = readRequest(route, await clientRequestOf(context, route), time?.at ?? clock());
    if ('error' in asked) return send(context, plainReply(route.name, asked.error));
    const outside = outsideFeed(admission.feed, asked.questions);
    if (outside) return send(context, yahooRefusal(route, outside));
    if (time) return send(context, await replyOf(route, asked, time.at, admission.use));
    const found = await cache.find(asked.questions, admission.caller);
    const unanswered = found.find(({ answer }) => answer === null)?.failed;
    if (unanswered) {
      const retry = unanswered.retryAfterSeconds > 0 ? { 'retry-after': String(unanswered.retryAfterSeconds) } : {};
      return send(context, plainReply(route.name, failureAnswer(route, unanswered.reason), retry));
    }
    const made = route === quoteRoute ? joined(found, asked.fields) : first(found, route);
    return send(context, found.length === 0 ? plainReply(route.name, made) : foundReply(route.name, made, found));
  }

  /** What was answered at an instant, or why there is nothing of it. */
  async function replyOf(
    route: ProxyRoute,
    { questions, fields }: QuestionsAsked,
    at: number,
    use: KeyUse,
  ): Promise<Reply> {
    if (!past) return plainReply(route.name, noRecord(route));
    const then = await replayed(past, questions, at, use);
    if ('gap' in then) return plainReply(route.name, nothingThen(route, at, then.gap));
    const made = route === quoteRoute ? joined(then.found, fields) : first(then.found, route);
    const reply = then.found.length === 0 ? plainReply(route.name, made) : foundReply(route.name, made, then.found);
    return { ...reply, headers: then.headers };
  }

  /** A quote in the envelope of `/api/v1`. */
  async function ownQuote(context: ProxyContext, route: string, symbol: string): Promise<Response> {
    const question = quoteQuestion(symbol);
    const admission = await admit(context);
    if (!admission.admitted) throw refusalProblem(admission);
    const outside = outsideFeed(admission.feed, [question]);
    if (outside) throw refusalProblem(outside);
    const [found] = await cache.find([question], admission.caller);
    if (!found?.answer) {
      const wait = found?.failed?.retryAfterSeconds ?? 0;
      throw new ProblemError(
        'unavailable',
        `Yahoo gives no quote now (${found?.failed?.reason ?? 'unexplained'}), and no earlier one is cached.`,
        {
          headers: wait > 0 ? { 'retry-after': String(wait) } : {},
        },
      );
    }
    const { answer } = found;
    const read = answer.status === 200 ? readRow(answer.body, answer.fetchedAt) : null;
    if (!read) throw new ProblemError('unknown_symbol', `Yahoo has no quote of ${symbol}.`);
    const stale = found.cache === 'STALE';
    const data = proxyQuoteView(read, context.req.query('decimals') === 'string' ? asText : asNumber);
    const meta = {
      ...simulationOf(simulated ? ['yahoo'] : [], 'yahoo'),
      source: 'yahoo',
      asOf: data.asOf,
      fetchedAt: new Date(answer.fetchedAt).toISOString(),
      stale,
    };
    const warnings = stale
      ? [
          {
            code: 'stale',
            message: found.failed
              ? `Yahoo gives no newer quote now (${found.failed.reason}).`
              : 'A newer quote is being fetched.',
          },
        ]
      : [];
    // Without the request's id and the age, which headers carry: the same quote is the same body, and has one ETag.
    const body = JSON.stringify({ data, meta, warnings });
    return send(context, foundReply(route, { status: 200, contentType: 'application/json', body }, [found]));
  }

  /**
   * What a page of finance.yahoo.com is to clients: the place where cookies come from. Nobody needs a key for a cookie
   * that opens nothing; who has none hears so at the next step, in words that clients pass on.
   */
  function page(context: ProxyContext, status: 200 | 404): Response {
    const body = '<!doctype html><title>Quotron</title><p>This is Quotron’s proxy of Yahoo Finance.';
    const made = { status, contentType: 'text/html; charset=utf-8', body };
    const response = send(context, plainReply('page', made, { 'set-cookie': cookie }));
    response.headers.append('set-cookie', otherCookie);
    return response;
  }

  /**
   * The caller, or why the request is refused. An answer that shows nothing of Yahoo's is for keys of any use, and for no
   * feed token.
   */
  async function admit(context: ProxyContext, shows: 'nothing' | 'yahoo' = 'yahoo'): Promise<Admission> {
    const given = keyGiven(targetOf(context.req.url), (name) => context.req.header(name));
    const admission = await gate.admit(given);
    if (shows === 'yahoo') return admission;
    if (admission.admitted) return admission.feed ? { admitted: false, why: 'feed' } : admission;
    return admission.why === 'licence' ? { admitted: true, caller: '', use: 'redistribute', feed: null } : admission;
  }

  function send(context: ProxyContext, reply: Reply): Response {
    const now = clock();
    metrics.answered(reply.route, reply.cache, reply.status);
    // The answer to a POST depends on its body, which its address does not have.
    if (context.req.method !== 'POST') quick.keep(targetOf(context.req.url), reply, now);
    const given = keyGiven(targetOf(context.req.url), () => undefined);
    const headers = addressHeaders(headersOf(reply, reply.cache, { now, simulated }), given);
    headers['x-request-id'] = requestIdOf(context);
    if (
      reply.etag !== null &&
      context.req.method !== 'POST' &&
      matchesEtag(context.req.header('if-none-match'), reply.etag)
    ) {
      delete headers['content-type'];
      return new Response(null, { status: 304, headers });
    }
    const coded = context.req.method === 'HEAD' ? null : codedBody(reply, context.req.header('accept-encoding'));
    if (coded === null) return new Response(reply.body, { status: reply.status, headers });
    headers['content-encoding'] = coded.coding;
    return new Response(coded.body, { status: reply.status, headers });
  }

  return { app, quick: quick.answer };
}

const json = 'application/json;charset=utf-8';

/** One answer for all quotes. */
function joined(found: readonly CacheLookup[], fields: ReadonlySet<string>) {
  const rows = found.flatMap(({ answer }) => (answer && answer.status === 200 ? [answer.body] : []));
  return { status: 200, contentType: json, body: quoteAnswerBody(rows, fields) };
}

function first(found: readonly CacheLookup[], route: ProxyRoute) {
  const answer = found[0]?.answer;
  const isPage = 'page' in route.answer && answer?.status === 200;
  return {
    status: answer?.status ?? 502,
    contentType: isPage ? 'text/html;charset=utf-8' : json,
    body: answer?.body ?? '',
  };
}

/** What a client asks of a route. A body that is longer than the route's is not read to its end. */
async function clientRequestOf(context: ProxyContext, route: ProxyRoute): Promise<ClientRequest> {
  const [, place] = /\{(\w+)\}/.exec(route.paths[0]) ?? [];
  return {
    inPath: place === undefined ? undefined : context.req.param(place),
    search: new URL(context.req.url).searchParams,
    body: route.body ? await readLimited(context.req.raw, route.body.most) : undefined,
  };
}

function wrongMethod(method: ProxyRoute['method']): Reply {
  const allow = method === 'GET' ? 'GET, HEAD' : method;
  return plainReply('other', yahooError(gatewayForm, 405, 'Method Not Allowed', `Only ${method}.`), { allow });
}

/** What is not served here: no answer of Yahoo's, and clients are not to take it for one. */
function noRoute(help: string): Reply {
  return plainReply('other', yahooError(gatewayForm, 501, 'Not Implemented', help));
}

const ownNowHelp = 'Under /at/ there are routes of Yahoo only, and none of the proxy’s own.';
const liveHelp = `Quotron's Yahoo proxy serves no live prices over WebSocket; docs/proxy.md lists what it serves.`;

/** Names the path, unless it has characters that no path of Yahoo's has. */
function noRouteHelp(path: string): string {
  const asked = path.replace(/^\/yahoo/, '');
  const named = /^\/[\w./-]{1,100}$/.test(asked) ? ` ${asked}` : ' of that path';
  return `Quotron's Yahoo proxy has no route${named}; docs/proxy.md lists those it has.`;
}

/** A client that wants a page and nothing else: it is after cookies. Browsers take anything, programs want data. */
function wantsPage(accept: string | undefined): boolean {
  return accept?.includes('text/html') === true && !accept.includes('*/*') && !accept.includes('json');
}

/** Names and values in turn, as pairs. */
function pairsOf(lines: readonly string[]): [string, string][] {
  return chunked(lines, 2).map(([name = '', value = '']) => [name, value]);
}

/** Whether a request is for the site itself, whose place the proxy takes under Yahoo's hosts. */
function isOfSite(context: ProxyContext): boolean {
  return context.req.header('host')?.replace(/:\d+$/, '').toLowerCase() === siteHost;
}

function symbolOf(context: ProxyContext): string {
  return context.req.param('symbol') ?? context.req.param('index') ?? '';
}

/** Path and query of a URL. */
function targetOf(url: string): string {
  const from = url.indexOf('/', url.indexOf('//') + 2);
  return from === -1 ? '/' : url.slice(from);
}

function requestIdOf(context: ProxyContext): string {
  const given = context.req.header('x-request-id');
  return given && /^[\w.:-]{1,64}$/.test(given) ? given : (context.env?.requestContext?.requestId ?? randomUUID());
}
