import type { JobKind } from '../contracts/words/job-kinds.ts';
import type { LicenceClass } from '../contracts/words/licence.ts';
import type { LoginState } from '../contracts/words/login-states.ts';
import type { BarInterval } from '../market/bar.ts';
import type { AssetClass } from '../market/instrument.ts';
import type { SourceParser } from './parser.ts';

/** When a job is due. */
export type JobSchedule =
  /** Seconds between due times, counted from the epoch: 60 is every full minute. */
  | { readonly everySeconds: number; readonly cron?: undefined }
  /** Minute, hour, day of the month, month and day of the week on the clocks of an IANA zone: `30 16 * * 1-5`. */
  | { readonly cron: string; readonly zone: string; readonly everySeconds?: undefined };

/** What a source collects, and how often. */
export type SourceJob = JobSchedule & SourceJobWords;

interface SourceJobWords {
  /** Unique within the source; part of a run's id. */
  readonly id: string;
  readonly kind: JobKind;
  /**
   * Only symbols whose market trades at the due time are requested: from so many minutes before it opens until so
   * many after it closes, and not in a longer lunch break. A run has what is left; none, no run. Absent: always all.
   */
  readonly inSession?: { readonly beforeMinutes: number; readonly afterMinutes: number };
  /** Canonical symbols that the watch list begins with: what is requested later is what the list has. */
  readonly symbols: readonly string[];
  /** Symbols in one task (one queue message, one attempt). */
  readonly symbolsPerTask: number;
  /** Symbols in one upstream request: the task needs this many permits: ceil(symbols / symbolsPerRequest). */
  readonly symbolsPerRequest: number;
  /** For `bars`. */
  readonly interval?: BarInterval;
  /** For `bars`: how far back each run reads, in days. */
  readonly lookbackDays?: number;
  /** The quota has room for this many symbols a run; of more on the watch list, the first. */
  readonly mostSymbols?: number;
  /** For `bars` whose range can be chosen: days in one request, by interval that is available. Absent: no backfill. */
  readonly backfillDays?: Readonly<Partial<Record<BarInterval, number>>>;
}

/**
 * A page sets cookies, another page gives a crumb for these cookies, and each request carries both (Yahoo). From Europe a
 * consent form comes in between; it may lie on `consentOrigins` only.
 */
export interface CookieCrumbStrategy {
  readonly strategy: 'cookie-crumb';
  readonly cookieUrl: string;
  readonly crumbUrl: string;
  /** An ordinary page, tried where the first one's cookies give no crumb: it redirects to the consent. */
  readonly pageUrl: string;
  /** Scheme, host and port of the consent walk. No data are requested from them. */
  readonly consentOrigins: readonly string[];
  readonly lifeSeconds: number;
}

/** A key goes on each request, as a header or a query parameter of this name. Credentials: `{apiKey}`. */
export interface ApiKeyStrategy {
  readonly strategy: 'api-key';
  readonly in: 'header' | 'query';
  readonly name: string;
  readonly lifeSeconds: number;
}

/**
 * What a source shows in place of letting in, so that it is recognized: by what is visible under a selector (in a browser
 * only), a text, a path, or all that are given together. With `press`, it is passed by pressing that button, at most once a
 * login: only where a person has decided so. What most sites show is known without (`core/auth/login-faces.ts`).
 */
export interface LoginFace {
  readonly state: LoginState;
  readonly selector?: string;
  readonly text?: RegExp;
  readonly path?: RegExp;
  readonly press?: string;
}

/** A form is fetched, filled in and sent over HTTP; the cookies it sets are the session. Credentials: `{username, password}`. */
export interface FormLoginStrategy {
  readonly strategy: 'form-login';
  readonly loginUrl: string;
  /** Names of the form's fields. Its hidden fields (a CSRF token) are sent as they came. */
  readonly fields: { readonly username: string; readonly password: string };
  /** The cookie that only a signed-in client has. */
  readonly sessionCookie: string;
  /** What the page says when it refuses, where it is not English. */
  readonly refused?: RegExp;
  readonly faces?: readonly LoginFace[];
  /** Name of the field for the code of an authenticator app, on the page after the password. Credentials: `totpSecret`, too. */
  readonly secondFactor?: { readonly field: string };
  readonly lifeSeconds: number;
}

/** A form that needs a browser. The storage state of the context is the session. Credentials: `{username, password}`. */
export interface BrowserFormLoginStrategy {
  readonly strategy: 'browser-form-login';
  readonly loginUrl: string;
  /** CSS selectors: the fields, the button, what shows only when signed in, and what shows when it is refused. */
  readonly selectors: {
    readonly username: string;
    readonly password: string;
    readonly submit: string;
    readonly signedIn: string;
    readonly refused: string;
  };
  readonly faces?: readonly LoginFace[];
  /** CSS selectors of the code of an authenticator app, after the password. Credentials: `totpSecret`, too. */
  readonly secondFactor?: { readonly input: string; readonly submit: string };
  readonly lifeSeconds: number;
}

/** How a session is made. `lifeSeconds` is how long one is used before it is renewed. */
export type SessionStrategy = CookieCrumbStrategy | ApiKeyStrategy | FormLoginStrategy | BrowserFormLoginStrategy;

/** A source: plain data, the names of its symbols, and its parser, which is loaded when it is needed. Drives queues, schedules, alarms, docs tables, dashboard cards and tests. */
export interface SourceDefinition {
  readonly id: string;
  readonly title: string;
  readonly kind: 'api' | 'browser';
  /** Requests go nowhere else: scheme, host and port must be one of these origins. The first is the default. */
  readonly origins: readonly string[];
  /** Requests that may be made, logins and retries included: a little under what the terms allow. */
  readonly quota: {
    readonly perMinute: number;
    readonly perDay: number;
    /** Least time between two requests, in milliseconds, whoever makes them: a small quota is spread, not spent in a burst. */
    readonly gapMs?: number;
    /** How often a request that failed in passing is made again within an attempt; twice by default. */
    readonly retries?: number;
  };
  readonly jobs: readonly SourceJob[];
  /** For browser sources: bytes that a page may load with everything in it, unpacked; 2 MB by default. */
  readonly pageBytes?: number;
  /** It shows what someone holds there: a symbol that is put on the watch list is requested of it only where it is named. */
  readonly onlyWhenNamed?: boolean;
  /** It exists in the simulator only, and is no part of an installation on AWS. */
  readonly localOnly?: boolean;
  /** It tolerates one worker at a time (a second login would end the first): its tasks are done one after the other. */
  readonly oneWorker?: boolean;
  /** How a session is made, or `null` where none is needed. */
  readonly session: SessionStrategy | null;
  /** Requested to prove that the source works. */
  readonly canarySymbol: string;
  /** How far its prices may be behind by its nature, in minutes of trading; see `latenessMs`. */
  readonly latenessMinutes?: number;
  /** Sources to fall back to, best first. */
  readonly fallbacks: readonly string[];
  /** Higher wins when two sources are equally fresh, by asset class. */
  readonly rank: Readonly<Partial<Record<AssetClass, number>>>;
  /** The source's symbol for a canonical one; `null` for what the source does not have. */
  readonly toSource: (canonical: string) => string | null;
  /** The canonical symbol of one of the source's. */
  readonly toCanonical: (symbol: string) => string;
  /** Imported lazily, so that a Lambda which reads no answers does not bundle the code that reads them. */
  readonly parser: () => Promise<SourceParser>;
  readonly terms: { readonly url: string; readonly licence: LicenceClass; readonly reviewed: string };
}

/** Where a source does not say it, in minutes of trading. */
const usualLatenessMinutes = 30;

/** How far a source's prices may be behind by its nature, in milliseconds of trading. */
export function latenessMs({
  latenessMinutes = usualLatenessMinutes,
}: Pick<SourceDefinition, 'latenessMinutes'>): number {
  return latenessMinutes * 60_000;
}
