/** Serves routes over HTTP: credentials, limits, checks, answers and problems, the same for every route. */
import { randomUUID } from 'node:crypto';
import { Hono } from 'hono';
import { getCookie } from 'hono/cookie';
import { getPath } from 'hono/utils/url';
import { allows } from '../auth/api-keys.ts';
import { limitOfFeed } from '../auth/feed-binding.ts';
import { VisibleSources } from '../auth/visible-sources.ts';
import { keyUses } from '../contracts/words/licence.ts';
import type { AnswerStore } from '../ports/answer-store.ts';
import type { Clock } from '../ports/clock.ts';
import type { SourceDefinition } from '../sources/definition.ts';
import { type Authenticator, type Credentials, refuseForeignOrigin, sessionCookie } from './authenticate.ts';
import { allowOrigin, preflightAnswer } from './cors.ts';
import { pickFields } from './fields.ts';
import { givenKey, pathKeyHeaders, splitKey } from './given-key.ts';
import { ProblemError, problemOf } from './problem.ts';
import { createRateLimiter, type RateLimit } from './rate-limit.ts';
import { decimalsOf, fieldsOf, unknownParameters } from './read-request.ts';
import { respond, respondProblem } from './respond.ts';
import {
  type ApiContext,
  type Bindings,
  type Call,
  type Principal,
  type Reply,
  type Route,
  type RouteSpec,
  takesFields,
} from './route.ts';

/** Where the API begins, inside the REST API and behind the dashboard. */
export const basePath = '/api/v1';

/** A key's limit in one container, unless the dependencies say otherwise. */
const usualRateLimit = { perSecond: 50, burst: 500 };

export interface ServingDependencies {
  readonly authenticator: Authenticator;
  readonly clock: Clock;
  /** All that is stored may be of these sources. */
  readonly catalogue: readonly SourceDefinition[];
  /** Ids of the sources whose data are made up: none on AWS. */
  readonly simulated: readonly string[];
  /** Takes answers that are too long for Lambda and API Gateway. */
  readonly longAnswers: AnswerStore;
  /** The browser's protocol, where no proxy names it in `x-forwarded-proto`. */
  readonly protocol: 'http' | 'https';
  readonly rateLimit?: RateLimit;
  /** Origins of other pages that may read answers; none unless given. */
  readonly corsOrigins?: readonly string[];
  /** Gets every error that becomes a 500 or 503. The caller sees none of it. */
  log(error: unknown, requestId: string): void;
}

/** The app of these routes. Makes no connection until a request needs one. */
export function serveRoutes(routes: readonly Route[], dependencies: ServingDependencies) {
  const { authenticator, clock, log, simulated } = dependencies;
  const limiter = createRateLimiter(dependencies.rateLimit ?? usualRateLimit, clock);
  const visible = new Map(keyUses.map((use) => [use, VisibleSources.of(use, dependencies.catalogue)]));

  // A key in the address is taken out before anything is routed, logged or repeated in an answer.
  const app = new Hono<{ Bindings: Bindings }>({ getPath: (request) => splitKey(getPath(request), basePath).target });
  const origins = new Set(dependencies.corsOrigins);
  if (origins.size > 0)
    app.use(async (context, next) => {
      const preflight = preflightAnswer(context.req.raw, origins);
      if (preflight) return preflight;
      await next();
      allowOrigin(context.res.headers, context.req.header('origin'), origins);
      return undefined;
    });
  const named = new Set(routes.map(({ spec }) => basePath + spec.path));
  for (const route of routes) {
    app.on(route.spec.method.toUpperCase(), honoPaths(route.spec.path), async (context) => {
      // `/quotes/batch` is no symbol: what has a name of its own is not one of the others.
      if (route.spec.path.includes('{') && named.has(context.req.path)) return refuse(context);
      const asked = { ...callOf(context), fields: takesFields(route.spec) ? fieldsOf(context) : null };
      const credentials = credentialsOf(asked, context.req.raw);
      const principal = await admit(route.spec, asked, context.req.raw, credentials);
      const call = {
        ...{ ...asked, principal, visible: visibleTo(route.spec, principal) },
        stillAdmitted: () => authenticator.stillHeld(credentials),
      };
      const { reply, unknownParameters: unknown } = await route.handle(context, call);
      const wanted = ofFields(reply, route.spec, call);
      return finished(await answer(wanted, unknown, call, context.req.method), context.req.raw);
    });
  }
  app.notFound(refuse);
  app.onError((error, context) => {
    const problem = problemOf(error);
    const request = requestOf(context);
    if (problem.code === 'internal' || problem.code === 'unavailable') log(error, request.requestId);
    return finished(respondProblem(problem, request), context.req.raw);
  });
  return app;

  function refuse(context: ApiContext): Response {
    const { path } = context.req;
    const problem =
      wrongMethod(path) ??
      new ProblemError(
        'not_found',
        `There is nothing at ${path.slice(0, 200)}. /docs shows what there is, and ${basePath}/openapi.json to programs.`,
      );
    return finished(respondProblem(problem, requestOf(context)), context.req.raw);
  }

  /** The sources that an answer may show. A route that says it shows nothing gets none to show. */
  function visibleTo({ shows }: RouteSpec, principal: Principal | null): VisibleSources {
    const sources = principal === null || shows === 'nothing' ? undefined : visible.get(principal.use);
    return sources ?? VisibleSources.none();
  }

  /** The caller, if the route admits it. Throws a 401, 403 or 429 problem. */
  async function admit(
    spec: RouteSpec,
    call: Call,
    request: Request,
    credentials: Credentials,
  ): Promise<Principal | null> {
    const inPath = credentials.apiKey?.inPath === true;
    if (inPath && spec.method !== 'get')
      throw new ProblemError(
        'method_not_allowed',
        'An address with a key in it is only read. Send the key in a header.',
        {
          headers: { allow: 'GET, HEAD' },
        },
      );
    if (spec.access === 'public') {
      // Also where nobody needs a key, one that may not stand in an address is told so.
      if (inPath) return authenticator.identify(credentials);
      if (spec.path !== '/health' || (credentials.apiKey === undefined && credentials.session === undefined))
        return null;
      return authenticator.identify(credentials).catch(() => null);
    }
    const principal = await authenticator.identify(credentials);
    const wait = limiter.take(principal.keyId, principal.feed ? limitOfFeed(principal.feed) : undefined);
    callers.set(request, principal.keyId);
    if (wait > 0)
      throw new ProblemError('rate_limited', `This key has sent too many requests at once. Wait ${wait} s.`, {
        headers: { 'retry-after': String(wait) },
      });
    if (!allows(principal.scope, spec.access))
      throw new ProblemError(
        'forbidden',
        `This needs a key of scope ${spec.access}; the one given has ${principal.scope}.`,
      );
    if (spec.shows === 'everything' && !visibleTo(spec, principal).all)
      throw new ProblemError(
        'licence_forbids',
        `This shows what all sources gave; the use of this key, ${principal.use}, is not allowed by the licence of each.`,
      );
    if (spec.method !== 'get' && principal.via === 'session') refuseForeignOrigin(call.header);
    return principal;
  }

  /**
   * Tells the caller, once it is known, how many requests its key has left, and keeps answers to a key in an address out of
   * other hands.
   */
  function finished(response: Response, request: Request): Response {
    const key = pathKeyOf(request);
    if (key !== undefined) {
      const { headers } = response;
      const had = { cacheControl: headers.get('cache-control'), warning: headers.get('warning') };
      for (const [name, value] of Object.entries(pathKeyHeaders(key, had))) headers.set(name, value);
    }
    const caller = callers.get(request);
    if (caller !== undefined)
      for (const [name, value] of Object.entries(limiter.headers(caller))) response.headers.set(name, value);
    return response;
  }

  async function answer(reply: Reply, unknown: readonly string[], call: Call, method: string): Promise<Response> {
    const warnings = unknownParameters(unknown);
    const full =
      reply.kind === 'data' && warnings.length > 0
        ? { ...reply, warnings: [...(reply.warnings ?? []), ...warnings] }
        : reply;
    const response = respond(full, call, method);
    if (response instanceof Response) return response;
    const { body, contentType } = response;
    const given = reply.kind === 'stream' ? {} : (reply.headers ?? {});
    const named = given['content-disposition'];
    const location = await dependencies.longAnswers.keep(body, {
      'content-type': contentType,
      ...(named === undefined ? {} : { 'content-disposition': named }),
    });
    const redirect = respond({ kind: 'redirect', location, headers: given }, call, method);
    if (redirect instanceof Response) return redirect;
    throw new Error('A redirect has no body, and is over the limit all the same.');
  }

  function wrongMethod(path: string): ProblemError | null {
    const itself = routes.filter(({ spec }) => basePath + spec.path === (path === basePath ? `${path}/` : path));
    const matching = itself.length > 0 ? itself : routes.filter(({ spec }) => pathPattern(spec.path).test(path));
    const allowed = matching.map(({ spec }) => spec.method.toUpperCase());
    if (allowed.length === 0) return null;
    const list = [...new Set(allowed)].flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method])).join(', ');
    return new ProblemError('method_not_allowed', `This path takes ${list}.`, { headers: { allow: list } });
  }

  function callOf(context: ApiContext): Call {
    const { requestId, https } = requestOf(context);
    return {
      requestId,
      simulated,
      now: clock(),
      principal: null,
      visible: VisibleSources.none(),
      decimal: decimalsOf(context),
      fields: null,
      stillAdmitted: async () => false,
      https,
      address:
        context.env?.requestContext?.identity?.sourceIp ??
        context.req.header('x-forwarded-for')?.split(',')[0]?.trim() ??
        '',
      path: context.req.path,
      search: new URL(context.req.url).search,
      header: (name) => context.req.header(name),
      cookie: (name) => getCookie(context, name),
    };
  }

  function requestOf(context: ApiContext) {
    const given = context.req.header('x-request-id');
    const kept = requestIds.get(context.req.raw);
    const requestId =
      kept ??
      (given && /^[\w.:-]{1,64}$/.test(given) ? given : (context.env?.requestContext?.requestId ?? randomUUID()));
    requestIds.set(context.req.raw, requestId);
    return {
      requestId,
      simulated,
      path: context.req.path.slice(0, 200),
      https: (context.req.header('x-forwarded-proto')?.split(',')[0]?.trim() ?? dependencies.protocol) === 'https',
    };
  }
}

function credentialsOf(call: Call, request: Request): Credentials {
  return { apiKey: givenKey(pathKeyOf(request), call.header), session: call.cookie(sessionCookie(call)) };
}

/** The key that stands in the address of a request. */
function pathKeyOf(request: Request): string | undefined {
  return splitKey(getPath(request), basePath).key;
}

/** A request keeps its id from the first line to the error handler. */
const requestIds = new WeakMap<Request, string>();

/** The key of a request, once it has been counted. */
const callers = new WeakMap<Request, string>();

/** The fields that a client asked for. Text has been cut by the route: its fields are columns. */
function ofFields(reply: Reply, { data }: RouteSpec, { fields }: Call): Reply {
  if (fields === null || data === undefined || reply.kind !== 'data') return reply;
  return { ...reply, data: pickFields(reply.data, fields, data) };
}

/** Where Hono finds a route; the start of the API with and without its slash. */
function honoPaths(path: string): string[] {
  const full = basePath + path.replaceAll(/\{(\w+)\}/g, ':$1');
  return path === '/' ? [basePath, full] : [full];
}

function pathPattern(path: string): RegExp {
  const source = (basePath + path).replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/]+');
  return new RegExp(`^${source}$`);
}
