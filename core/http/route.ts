import type { Context } from 'hono';
import type * as z from 'zod';
import { bindingHelp, outsideBinding } from '../auth/feed-binding.ts';
import type { VisibleSources } from '../auth/visible-sources.ts';
import type { Meta, Warning } from '../contracts/http/envelope.ts';
import type { FeedBinding, Scope } from '../contracts/words/access.ts';
import type { ApiFeedRoute } from '../contracts/words/feed-routes.ts';
import type { KeyUse } from '../contracts/words/licence.ts';
import { type ProblemCode, ProblemError } from './problem.ts';
import { checked, eitherBodyOf, idempotencyHeaders, noBody, parametersOf } from './read-request.ts';
import type { DecimalWriter } from './wire-number.ts';

/** The cookie of a dashboard session over https. */
export const secureSessionCookie = '__Host-qtr_session';

/** The holder of the credentials of a request. */
export interface Principal {
  readonly keyId: string;
  readonly name: string;
  readonly scope: Scope;
  readonly use: KeyUse;
  /** What a feed token is bound to; `null` for every other key. */
  readonly feed: FeedBinding | null;
  readonly expiresAt: number | null;
  readonly via: 'key' | 'session';
}

/** The access a route needs: none, or a key of at least this scope. Every route states it; there is no default. */
type Access = Scope | 'public';

/**
 * What a route shows of what sources gave: nothing; of the sources that the key may see; or of all sources at once, which
 * only a key that sees every class may ask for. Every route states it; there is no default.
 */
type Shows = 'nothing' | 'visible' | 'everything';

/** Parts of API Gateway's event beside the request (hono/aws-lambda passes them as bindings). Absent in tests. */
export interface Bindings {
  readonly requestContext?: { readonly requestId?: string; readonly identity?: { readonly sourceIp?: string } };
}
export type ApiContext = Context<{ Bindings: Bindings }>;

/** One request, as a route sees it. */
export interface Call {
  readonly requestId: string;
  /** Ids of the sources whose data are made up. */
  readonly simulated: readonly string[];
  /** The clock, read once per request. Milliseconds since the epoch. */
  readonly now: number;
  /** `null` on public routes when no valid credentials came. */
  readonly principal: Principal | null;
  /** The sources that this answer may show: none where the route says that it shows nothing. Readers ask for it. */
  readonly visible: VisibleSources;
  /** Writes decimals as `?decimals=` asks. */
  readonly decimal: DecimalWriter;
  /** Of the answer only these fields; `null` for all. */
  readonly fields: readonly string[] | null;
  /** Whether the request came over HTTPS. */
  readonly https: boolean;
  /** The client's IP address, where known. */
  readonly address: string;
  /** The path as sent, without the query. */
  readonly path: string;
  /** The query string as sent. */
  readonly search: string;
  /** Whether the caller's key or session is still valid: for answers that stay open. */
  stillAdmitted(): Promise<boolean>;
  header(name: string): string | undefined;
  cookie(name: string): string | undefined;
}

/** What a route gives back. `respond.ts` makes the HTTP answer of it. */
export type Reply =
  | {
      readonly kind: 'data';
      readonly data: unknown;
      readonly meta?: Omit<Meta, 'requestId' | 'simulated' | 'simulatedSources'>;
      readonly warnings?: readonly Warning[];
      readonly status?: 200 | 201 | 202;
      readonly headers?: Readonly<Record<string, string>>;
      /** Seconds that a private cache may reuse the answer; 0 makes it revalidate first, `null` forbids storing it. */
      readonly maxAge?: number | null;
    }
  | {
      readonly kind: 'text';
      readonly body: string;
      readonly contentType: string;
      readonly status?: 200 | 503;
      readonly headers?: Readonly<Record<string, string>>;
      readonly maxAge?: number | null;
    }
  | { readonly kind: 'stream'; readonly body: ReadableStream<Uint8Array>; readonly contentType: string }
  | { readonly kind: 'redirect'; readonly location: string; readonly headers?: Readonly<Record<string, string>> }
  | { readonly kind: 'empty'; readonly headers?: Readonly<Record<string, string>> };

/** A route as data: it routes, guards, checks and documents the request. */
export interface RouteSpec<
  Params extends z.ZodObject = z.ZodObject,
  Query extends z.ZodObject = z.ZodObject,
  Body extends z.ZodType = z.ZodType,
> {
  readonly method: 'get' | 'post' | 'put' | 'delete';
  /** Below the base path, in OpenAPI's form: `/quotes/{symbol}`. */
  readonly path: string;
  readonly access: Access;
  readonly shows: Shows;
  /** The group by which feed tokens are bound to it. Without one it is not for feed tokens. */
  readonly feed?: ApiFeedRoute;
  readonly tag: string;
  readonly summary: string;
  readonly description?: string;
  readonly params?: Params;
  readonly query?: Query;
  /** A JSON body. One that accepts `undefined` is optional. */
  readonly body?: Body;
  /** Another media type in which the body may come: the route then gets it as `text`, and `body` is `undefined`. */
  readonly textBody?: 'text/csv';
  /** The envelope's `data`. Absent where the answer has no envelope. */
  readonly data?: z.ZodType;
  readonly status?: 200 | 201 | 202 | 204 | 303;
  /** A 200 beside `status`: to a request that only asks what it would do, or where there is nothing to do. */
  readonly alsoOk?: { readonly description: string; readonly data: z.ZodType };
  /** Other forms of the answer, by media type. */
  readonly media?: Readonly<Record<string, z.ZodType>>;
  /** Takes an `Idempotency-Key`: the same key again is the same request. */
  readonly idempotent?: true;
  /** A POST that changes nothing: `fields` is for it too. */
  readonly onlyReads?: true;
  /** A session of the dashboard is not enough. */
  readonly keyOnly?: true;
  /** Problems beside those that every route may give. */
  readonly problems?: readonly ProblemCode[];
}

export interface Route {
  readonly spec: RouteSpec;
  handle(context: ApiContext, call: Call): Promise<{ reply: Reply; unknownParameters: readonly string[] }>;
}

/** Whether a client may ask for some of the fields of an answer. */
export function takesFields({ method, data, onlyReads }: RouteSpec): boolean {
  return data !== undefined && (method === 'get' || onlyReads === true);
}

/** Declares a route: its spec, and the work for a checked request. */
export function route<
  Params extends z.ZodObject = never,
  Query extends z.ZodObject = never,
  Body extends z.ZodType = never,
>(
  spec: RouteSpec<Params, Query, Body>,
  work: (asked: {
    params: z.output<Params>;
    query: z.output<Query>;
    body: z.output<Body>;
    /** A body of the media type `textBody`; `null` where another came, or none. */
    text: string | null;
    call: Call;
  }) => Promise<Reply> | Reply,
): Route {
  return {
    spec,
    async handle(context, call) {
      const { values, unknown } = parametersOf(context, spec.query, takesFields(spec));
      refuseOutside(spec, call, [context.req.param('symbol'), values['symbol'], values['symbols']]);
      // What a route does not read is refused: a field that is ignored would be believed.
      const given =
        spec.body || spec.method !== 'get'
          ? await eitherBodyOf(context, spec.textBody)
          : { json: undefined, text: null };
      if (!spec.body && spec.method !== 'get') checked(noBody, 'body', given.json);
      // Also where the request begins nothing, as a dry run does: the key would not be as good with the next one.
      if (spec.idempotent) checked(idempotencyHeaders, 'header', { 'idempotency-key': call.header('idempotency-key') });
      const reply = await work({
        params: checked(spec.params, 'path', context.req.param()),
        query: checked(spec.query, 'query', values),
        body: checked(spec.body, 'body', given.json),
        text: given.text,
        call,
      });
      return { reply, unknownParameters: unknown };
    },
  };
}

/** Refuses what a feed token is not bound to. A text may name several symbols. */
function refuseOutside({ access, feed }: RouteSpec, { principal }: Call, named: readonly (string | undefined)[]): void {
  const binding = principal?.feed;
  if (!binding || access === 'public') return;
  const symbols = named.flatMap((text) => text?.split(',') ?? []).filter((text) => text.trim() !== '');
  const found = outsideBinding(binding, feed, symbols);
  if (found) throw new ProblemError('forbidden', bindingHelp(found, binding));
}
