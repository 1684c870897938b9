import type { Exchange } from '../contracts/blob.ts';

export interface UpstreamCall {
  readonly method: 'GET' | 'POST';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** `manual`: a redirect is the answer. Otherwise it is followed, to the allowed origins. */
  readonly redirect?: 'manual';
  /** For pages: what a browser waits for. Ignored by upstreams that are none. */
  readonly page?: PageHint | undefined;
  /** For browsers: the session's storage state as JSON text. */
  readonly storageState?: string | null;
}

/** What a browser must know to tell a page that is complete from one that is not. */
export interface PageHint {
  /** A CSS selector. The page is complete when something matches: its data, or what stands there in its place. */
  readonly waitFor: string;
}

/** What came back, with the headers that only the caller may see. `setCookies` never leaves the auth engine. */
export interface UpstreamAnswer {
  readonly response: Exchange['response'];
  readonly error: Exchange['error'];
  readonly setCookies: readonly string[];
  /** Where the answer came from, after redirects. */
  readonly url: URL;
  readonly latencyMs: number;
}

/**
 * Calls an upstream. Never throws: what went wrong is in `error`. Goes only to the origins it was made for, follows
 * redirects only there, and connects to no private address.
 */
export type Upstream = (call: UpstreamCall) => Promise<UpstreamAnswer>;
