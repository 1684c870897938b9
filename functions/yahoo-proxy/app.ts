/*
 * The Yahoo proxy over HTTP. Steps of a request:
 *   1. quick    the same request was answered, the answer is fresh and the key known: the same answer (quick.ts)
 *   2. guard    key and its limit (gate.ts)
 *   3. read     the question, known parameters only (core/proxy/read-question.ts)
 *   4. find     memory, shared cache, Yahoo (answer-cache.ts)
 *   5. reply    Yahoo's format on Yahoo's routes, the envelope of /api/v1 on the proxy's own; X-Cache, Age, ETag
 */
import { randomUUID } from 'node:crypto';
import { type Context, Hono } from 'hono';
import type { Question } from '../../core/contracts/proxy.ts';
import { matchesEtag } from '../../core/http/etag.ts';
import { ProblemError, problemBody, problems } from '../../core/http/problem.ts';
import { simulationOf } from '../../core/http/respond.ts';
import { asNumber, asText } from '../../core/http/wire-number.ts';
import { canonicalSymbol } from '../../core/market/symbol.ts';
import { indexNames, indexSymbol } from '../../core/proxy/indices.ts';
import { type QuestionsRead, quoteQuestion, readOne, readQuotes } from '../../core/proxy/read-question.ts';
import { quoteAnswerBody } from '../../core/proxy/select-fields.ts';
import type { YahooError } from '../../core/proxy/yahoo-error.ts';
import { failureAnswer, notFound, tooManyRequests, unavailable, yahooError } from '../../core/proxy/yahoo-error.ts';
import type { CacheLookup } from './answer-cache.ts';
import type { ProxyDependencies } from './dependencies.ts';
import type { Admission } from './gate.ts';
import { judgeHealth } from './health.ts';
import { routedPath, splitPath } from './path-key.ts';
import { createQuick, type QuickAnswer } from './quick.ts';
import { proxyQuoteView, readRow } from './quote-view.ts';
import { foundReply, headersOf, plainReply, type Reply } from './reply.ts';

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
/** For clients that require a cookie. It is never read. */
const cookie = 'A3=d=Quotron&S=Quotron; Max-Age=31536000; Path=/; SameSite=Lax; HttpOnly';

/** Routes that answer in the API's format, errors too. On all others, clients expect Yahoo's. */
const ownRoute = /^\/yahoo\/(?:quote|market|health|metrics)(?:\/|$)/;

/** The app on its dependencies, mounted at `/yahoo`. Makes no connection until a request needs one. */
export function createProxy(dependencies: ProxyDependencies): ProxyApp {
  const { cache, gate, metrics, clock, log, simulated } = dependencies;
  const quick = createQuick(dependencies);
  const app = new Hono<{ Bindings: Bindings }>({ getPath: (request) => routedPath(request.url) });

  app.use('/yahoo/*', async (context, next) => {
    const { req } = context;
    const { method } = req;
    if (method !== 'GET' && method !== 'HEAD')
      return send(
        context,
        yahooReply('other', yahooError('other', 405, 'Method Not Allowed', 'Only GET.'), { allow: 'GET, HEAD' }),
      );
    const known = quick.answer(method, targetOf(req.url), (name) => req.header(name));
    if (known) return new Response(known.body, { status: known.status, headers: known.headers });
    return next();
  });

  app.get('/yahoo/v7/finance/quote', (context) =>
    yahooRoute(context, 'quote', readQuotes(searchOf(context)), (found, fields) => {
      const rows = found.flatMap(({ answer }) => (answer && answer.status === 200 ? [answer.body] : []));
      return { status: 200, body: quoteAnswerBody(rows, fields) };
    }),
  );
  app.get('/yahoo/v8/finance/chart/:symbol', (context) =>
    yahooRoute(context, 'chart', readOne('chart', symbolOf(context), searchOf(context), clock()), first),
  );
  app.get('/yahoo/v10/finance/quoteSummary/:symbol', (context) =>
    yahooRoute(context, 'summary', readOne('summary', symbolOf(context), searchOf(context), clock()), first),
  );
  app.get('/yahoo/ws/fundamentals-timeseries/v1/finance/timeseries/:symbol', (context) =>
    yahooRoute(context, 'timeseries', readOne('timeseries', symbolOf(context), searchOf(context), clock()), first),
  );
  app.get('/yahoo/v1/finance/search', (context) =>
    yahooRoute(context, 'search', readOne('search', null, searchOf(context), clock()), first),
  );
  app.get('/yahoo/v1/test/getcrumb', async (context) => {
    const admission = await admit(context);
    if (!admission.admitted) return send(context, yahooRefusal('other', admission));
    const page = { status: 200, contentType: 'text/plain;charset=utf-8', body: crumb };
    return send(context, plainReply('crumb', page, { 'set-cookie': cookie }));
  });

  app.get('/yahoo/quote/:symbol', async (context) => {
    if (wantsPage(context.req.header('accept'))) return page(context);
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
    if (!admission.admitted) throw problemOf(admission);
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

  app.notFound((context) => send(context, yahooReply('other', yahooError('other', 404, 'Not Found', notFound.other))));
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
      return send(context, yahooReply('other', unavailable('other'), problem.headers));
    const { status } = problems[problem.code];
    const body = JSON.stringify(problemBody(problem, requestId, routedPath(context.req.url).slice(0, 200)));
    const reply = plainReply('problem', { status, contentType: 'application/problem+json', body }, problem.headers);
    return send(context, reply);
  });

  async function yahooRoute(
    context: ProxyContext,
    route: Question['route'],
    asked: QuestionsRead,
    made: (found: readonly CacheLookup[], fields: ReadonlySet<string>) => { status: number; body: string },
  ): Promise<Response> {
    const admission = await admit(context);
    if (!admission.admitted) return send(context, yahooRefusal(route, admission));
    if ('error' in asked) return send(context, yahooReply(route, asked.error));
    const found = await cache.find(asked.questions, admission.caller);
    const unanswered = found.find(({ answer }) => answer === null)?.failed;
    if (unanswered) {
      const retry = unanswered.retryAfterSeconds > 0 ? { 'retry-after': String(unanswered.retryAfterSeconds) } : {};
      return send(context, yahooReply(route, failureAnswer(route, unanswered.reason), retry));
    }
    const contentType = 'application/json;charset=utf-8';
    if (found.length === 0) return send(context, plainReply(route, { contentType, ...made(found, asked.fields) }));
    return send(context, foundReply(route, { contentType, ...made(found, asked.fields) }, found));
  }

  /** A quote in the envelope of `/api/v1`. */
  async function ownQuote(context: ProxyContext, route: string, symbol: string): Promise<Response> {
    const admission = await admit(context);
    if (!admission.admitted) throw problemOf(admission);
    const [found] = await cache.find([quoteQuestion(symbol)], admission.caller);
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
  function page(context: ProxyContext): Response {
    const body = '<!doctype html><title>Quotron</title><p>This is Quotron’s proxy of Yahoo Finance.';
    return send(
      context,
      plainReply('page', { status: 200, contentType: 'text/html; charset=utf-8', body }, { 'set-cookie': cookie }),
    );
  }

  /** The caller, or why the request is refused. An answer that shows nothing of Yahoo's is for keys of any use. */
  async function admit(context: ProxyContext, shows: 'nothing' | 'yahoo' = 'yahoo'): Promise<Admission> {
    const admission = await gate.admit(splitPath(targetOf(context.req.url)).key ?? context.req.header('x-api-key'));
    if (admission.admitted || shows === 'yahoo' || admission.why !== 'licence') return admission;
    return { admitted: true, caller: '' };
  }

  function send(context: ProxyContext, reply: Reply): Response {
    const now = clock();
    metrics.answered(reply.route, reply.cache, reply.status);
    quick.keep(targetOf(context.req.url), reply, now);
    const headers = headersOf(reply, reply.cache, { now, simulated });
    headers['x-request-id'] = requestIdOf(context);
    if (reply.etag !== null && matchesEtag(context.req.header('if-none-match'), reply.etag)) {
      delete headers['content-type'];
      return new Response(null, { status: 304, headers });
    }
    return new Response(reply.body, { status: reply.status, headers });
  }

  return { app, quick: quick.answer };
}

function first(found: readonly CacheLookup[]): { status: number; body: string } {
  const answer = found[0]?.answer;
  return { status: answer?.status ?? 502, body: answer?.body ?? '' };
}

function yahooReply(route: string, error: YahooError, headers: Readonly<Record<string, string>> = {}): Reply {
  return plainReply(route, error, headers);
}

function yahooRefusal(route: Question['route'] | 'other', refused: Exclude<Admission, { admitted: true }>): Reply {
  if (refused.why === 'too_fast') return plainReply(route, tooManyRequests, { 'retry-after': String(refused.wait) });
  if (refused.why === 'licence') return plainReply(route, yahooError(route, 403, 'Forbidden', licenceHelp));
  const error = yahooError(route, 401, 'Unauthorized', keyHelp[refused.why]);
  return plainReply(route, error, { 'www-authenticate': 'ApiKey realm="quotron", header="x-api-key"' });
}

const keyHelp = {
  no_key: 'Send a Quotron key in x-api-key, or put /k/{key} after /yahoo in the address.',
  bad_key: 'The Quotron key is unknown, revoked, expired or mistyped.',
} as const;

/** In the error of Yahoo's format it is read by people only. */
const licenceHelp =
  'The licence of Yahoo’s data does not allow the use of this Quotron key. Use a key for internal use.';

function problemOf(refused: Exclude<Admission, { admitted: true }>): ProblemError {
  if (refused.why === 'too_fast')
    return new ProblemError('rate_limited', `This key has asked too much at once. Wait ${refused.wait} s.`, {
      headers: { 'retry-after': String(refused.wait) },
    });
  if (refused.why === 'licence') return new ProblemError('licence_forbids', licenceHelp);
  return new ProblemError(refused.why === 'no_key' ? 'unauthenticated' : 'invalid_key', keyHelp[refused.why]);
}

/** A client that wants a page and nothing else: it is after cookies. Browsers take anything, programs want data. */
function wantsPage(accept: string | undefined): boolean {
  return accept?.includes('text/html') === true && !accept.includes('*/*') && !accept.includes('json');
}

function symbolOf(context: ProxyContext): string {
  return context.req.param('symbol') ?? context.req.param('index') ?? '';
}

function searchOf(context: ProxyContext): URLSearchParams {
  return new URL(context.req.url).searchParams;
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
