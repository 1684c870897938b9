/**
 * The simulator's switches and counters.
 *
 *   POST   /_control/faults    {source, fault, on, …}   switch a fault on or off
 *   GET    /_control/faults                             those that are on
 *   DELETE /_control/faults                             all off
 *   GET    /_control/requests[?reset=1]                 requests that came in, by source and kind
 */
import { z } from 'zod';

/** What kind of request came in: `session` is cookies and consent pages, `asset` pictures, fonts and styles of a page. */
export const requestKinds = [
  'quote',
  'chart',
  'crumb',
  'session',
  'search',
  'page',
  'login',
  'asset',
  'other',
] as const;
export type RequestKind = (typeof requestKinds)[number];

const positive = z.number().positive();

/** Which requests a fault affects. Without any of these: all of the source. */
const scope = {
  source: z.string().regex(/^[a-z][a-z0-9-]{1,31}$/),
  on: z.boolean().default(true),
  kinds: z.array(z.enum(requestKinds)).min(1).optional(),
  /** Affects this many requests, then switches off. */
  times: z.int().positive().optional(),
};
const oneSymbol = { symbol: z.string().min(1).max(32).optional() };

const sessions = (usual: number) => z.int().positive().max(1_000).default(usual);
const split = { ratio: positive.max(1_000).default(4), sessions: sessions(6) };

/** A fault to switch. */
export const faultSchema = z.discriminatedUnion('fault', [
  /** 429 with the plain text `Too Many Requests`. */
  z.object({ ...scope, fault: z.literal('429'), retryAfterSeconds: z.int().nonnegative().default(60) }),
  /** 403 with a challenge page. */
  z.object({ ...scope, fault: z.literal('403') }),
  z.object({ ...scope, fault: z.literal('500') }),
  /** A captcha in one of its faces, whose statuses are their makers'. */
  z.object({ ...scope, fault: z.literal('captcha'), face: z.int().nonnegative().default(0) }),
  /** 202 with a challenge. With `passesAfterMs`, a browser that runs its script gets through; without, nobody does. */
  z.object({ ...scope, fault: z.literal('challenge'), passesAfterMs: positive.max(60_000).optional() }),
  /** A page that says so, with a 200 unless another status is wanted. */
  z.object({
    ...scope,
    fault: z.literal('maintenance'),
    status: z.union([z.literal(200), z.literal(503)]).default(200),
  }),
  /** A page whose rows have not come yet, and never do. */
  z.object({ ...scope, fault: z.literal('loading') }),
  /** A file to be saved. */
  z.object({ ...scope, fault: z.literal('download') }),
  /** A meaningless status and body, or others of the tester's choosing. */
  z.object({
    ...scope,
    fault: z.literal('odd'),
    status: z.int().min(200).max(999).default(418),
    type: z.string().max(100).default('text/plain'),
    body: z.string().max(200_000).default('~~ teapot ~~ short and stout ~~\n'),
  }),
  /** The right answer, late. */
  z.object({ ...scope, fault: z.literal('slow'), delayMs: positive.max(600_000).default(8_000) }),
  /** No answer until the client goes. */
  z.object({ ...scope, fault: z.literal('hang') }),
  /** Truncated JSON. */
  z.object({ ...scope, fault: z.literal('malformed') }),
  /** The price is under another name, the time of another type. */
  z.object({ ...scope, ...oneSymbol, fault: z.literal('drift') }),
  /** A page with its table under other classes and ids, with unchanged content. */
  z.object({ ...scope, fault: z.literal('layout') }),
  /** Cells hold their text twice: for wide and for narrow screens, and for screen readers. */
  z.object({ ...scope, fault: z.literal('doubled-cells') }),
  /** Headings in two rows, some over two columns or two rows. */
  z.object({ ...scope, fault: z.literal('two-header-rows') }),
  /** Headings in one table and rows in another. */
  z.object({ ...scope, fault: z.literal('split-table') }),
  /** A table over several pages, with a link or a button to the next. */
  z.object({ ...scope, fault: z.literal('paged'), rows: z.int().positive().max(1_000).default(25) }),
  /** Some rows of a table come later than the others. */
  z.object({ ...scope, fault: z.literal('late-rows'), delayMs: positive.max(600_000).default(700) }),
  /** A page that was made days ago, and says so in a header or in its text. */
  z.object({
    ...scope,
    fault: z.literal('frozen-page'),
    ageMs: positive.default(3 * 86_400_000),
    says: z.enum(['header', 'text']).default('header'),
  }),
  /** A list with other members than ever: so many in a hundred have symbols that nobody knows. */
  z.object({ ...scope, fault: z.literal('turnover'), percent: positive.max(100).default(20) }),
  /** "Too many requests" inside a 200, in one of its wordings. */
  z.object({ ...scope, fault: z.literal('throttle'), wording: z.int().nonnegative().default(0) }),
  /** "The day's requests are used up" inside a 200. */
  z.object({ ...scope, fault: z.literal('quota') }),
  /** A login is refused, though its credentials are right. */
  z.object({ ...scope, fault: z.literal('refused') }),
  /** After the password: a page that asks for a code (`totp` of the right secret passes), locks, or wants its terms accepted. */
  z.object({ ...scope, fault: z.literal('second-factor') }),
  z.object({ ...scope, fault: z.literal('locked'), minutes: positive.max(100_000).optional() }),
  z.object({ ...scope, fault: z.literal('terms') }),
  /** Another page after the password, of the tester's choosing. */
  z.object({
    ...scope,
    fault: z.literal('after-password'),
    path: z
      .string()
      .regex(/^\/[a-z/-]{1,60}$/)
      .default('/next'),
    html: z.string().max(20_000).default('<h1>Something else</h1>'),
    /** Inside a frame, or in a dialog over the signed-in page. */
    within: z.enum(['page', 'frame', 'dialog', 'form']).default('page'),
  }),
  /** The form holds an empty element for errors from the start, and is sent by a script. */
  z.object({ ...scope, fault: z.literal('hidden-error') }),
  /** The session lies in the tab's session storage, in IndexedDB, or in a cookie that a script sets late. */
  z.object({ ...scope, fault: z.literal('session-storage') }),
  z.object({ ...scope, fault: z.literal('indexed-db') }),
  z.object({ ...scope, fault: z.literal('late-cookie'), delayMs: positive.max(10_000).default(700) }),
  /** A cookie wall over the login form; `button: 'known'` has the one that the source's definition names. */
  z.object({ ...scope, fault: z.literal('cookie-wall-login'), button: z.enum(['known', 'other']).default('other') }),
  /** No session and no crumb is accepted; with `madeBefore`, where a source knows how old a session is, only the older ones are not. */
  z.object({ ...scope, fault: z.literal('expired'), madeBefore: z.iso.datetime().optional() }),
  /** A session needs consent first. */
  z.object({ ...scope, fault: z.literal('consent') }),
  /** Prices a hundred times too high, with the same currency. */
  z.object({ ...scope, ...oneSymbol, fault: z.literal('unit') }),
  /** A market that has not moved for days. */
  z.object({ ...scope, ...oneSymbol, fault: z.literal('stale'), ageMs: positive.default(3 * 86_400_000) }),
  /** An error page that repeats the request's headers and cookies. */
  z.object({ ...scope, fault: z.literal('echo') }),
  /** Dividends so many times too high, as when pence are read as pounds. */
  z.object({ ...scope, ...oneSymbol, fault: z.literal('dividend-unit'), factor: positive.default(100) }),
  /** A split some sessions before the end of the chart that the prices before it lack. */
  z.object({ ...scope, ...oneSymbol, ...split, fault: z.literal('split-late') }),
  /** A split that never was, and that the prices before it have; it is withdrawn when the fault is switched off. */
  z.object({ ...scope, ...oneSymbol, ...split, fault: z.literal('split-withdrawn') }),
  /** Dividends under a later day. */
  z.object({ ...scope, ...oneSymbol, fault: z.literal('redated'), days: z.int().positive().max(60).default(7) }),
  /** Sessions in the middle of the chart that are not there. */
  z.object({ ...scope, ...oneSymbol, fault: z.literal('hole'), sessions: sessions(30) }),
  /** The last bars stand still, without volume. */
  z.object({ ...scope, ...oneSymbol, fault: z.literal('frozen-bars'), sessions: sessions(5) }),
  /** Bars of weekdays on which the exchange is closed. */
  z.object({ ...scope, ...oneSymbol, fault: z.literal('holiday-bar') }),
  /** The last trade as a row of its own, at its own time. */
  z.object({ ...scope, ...oneSymbol, fault: z.literal('live-row') }),
  /** A price of the test's choosing, with the market time `asOf` where one is given. */
  z.object({
    ...scope,
    fault: z.literal('price'),
    symbol: z.string().min(1).max(32),
    price: positive.optional(),
    asOf: z.iso.datetime().optional(),
  }),
]);
export type Fault = z.infer<typeof faultSchema>;
export type FaultName = Fault['fault'];
type FaultOf<Name extends FaultName> = Extract<Fault, { fault: Name }>;

/** The faults that are on, and how many requests came in. */
export class Control {
  readonly #faults = new Map<string, Fault>();
  readonly #left = new Map<string, number>();
  readonly #requests = new Map<string, Map<RequestKind, number>>();
  readonly #arrivals = new Map<string, number[]>();
  readonly #hits = new Map<string, number>();

  /** Switches a fault. The same fault of the same source and symbol is replaced. */
  switch(fault: Fault): void {
    const key = keyOf(fault);
    this.#left.delete(key);
    if (!fault.on) {
      this.#faults.delete(key);
      return;
    }
    this.#faults.set(key, fault);
    if (fault.times !== undefined) this.#left.set(key, fault.times);
  }

  /** Switches all faults off. */
  clear(): void {
    this.#faults.clear();
    this.#left.clear();
  }

  list(): Fault[] {
    return [...this.#faults.values()];
  }

  /** The fault of this name that affects this request, counted against its `times`; or `undefined`. */
  hit<Name extends FaultName>(
    name: Name,
    source: string,
    kind: RequestKind,
    symbol?: string,
  ): FaultOf<Name> | undefined {
    for (const [key, fault] of this.#faults) {
      if (fault.source !== source || !named(fault, name)) continue;
      if (fault.kinds !== undefined && !fault.kinds.includes(kind)) continue;
      const only: unknown = 'symbol' in fault ? fault.symbol : undefined;
      if (typeof only === 'string' && only.toUpperCase() !== symbol?.toUpperCase()) continue;
      const left = this.#left.get(key);
      if (left !== undefined) {
        if (left <= 1) {
          this.#faults.delete(key);
          this.#left.delete(key);
        } else this.#left.set(key, left - 1);
      }
      const counted = `${source} ${name}`;
      this.#hits.set(counted, (this.#hits.get(counted) ?? 0) + 1);
      return fault;
    }
    return undefined;
  }

  /** How often a fault has affected a request of a source. */
  hits(source: string, name: FaultName): number {
    return this.#hits.get(`${source} ${name}`) ?? 0;
  }

  count(source: string, kind: RequestKind): void {
    const arrivals = this.#arrivals.get(source);
    if (arrivals === undefined) this.#arrivals.set(source, [Date.now()]);
    // Enough for any test; a simulator may run for weeks.
    else if (arrivals.push(Date.now()) > 100_000) arrivals.splice(0, 50_000);
    const kinds = this.#requests.get(source) ?? new Map<RequestKind, number>();
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
    this.#requests.set(source, kinds);
  }

  /** When each request of a source came in since the last reset, in milliseconds since the epoch. */
  arrivals(source: string): readonly number[] {
    return this.#arrivals.get(source) ?? [];
  }

  /** `{yahoo: {quote: 3, crumb: 1, total: 4}}`. */
  requests(reset: boolean): Record<string, Record<string, number>> {
    const counted = Object.fromEntries(
      [...this.#requests].map(([source, kinds]) => [
        source,
        { ...Object.fromEntries(kinds), total: [...kinds.values()].reduce((sum, each) => sum + each, 0) },
      ]),
    );
    if (reset) {
      this.#requests.clear();
      this.#arrivals.clear();
    }
    return counted;
  }
}

function keyOf(fault: Fault): string {
  const symbol = 'symbol' in fault ? (fault.symbol ?? '') : '';
  return `${fault.source}/${fault.fault}/${symbol.toUpperCase()}`;
}

function named<Name extends FaultName>(fault: Fault, name: Name): fault is FaultOf<Name> {
  return fault.fault === name;
}
