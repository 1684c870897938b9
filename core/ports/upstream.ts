import type { Exchange } from '../contracts/blob.ts';
import type { PageHint } from '../sources/parser.ts';

export interface UpstreamOptions {
  /** Scheme, host and port that may be called: the catalogue's, or the one a setting put in their place. */
  readonly origins: readonly string[];
  /** Private addresses are allowed: for the simulator, whose address came from a setting. */
  readonly allowPrivate: boolean;
  /** From the first byte out to the last byte in, in milliseconds, redirects included. */
  readonly timeoutMs: number;
  /** Longest body, unpacked. What is longer is cut off and marked, which also stops a gzip bomb. */
  readonly maxBytes: number;
}

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
  /**
   * For browsers: asked before each further request for rows of a table. Waits until it may be made, which is not of the
   * page's time. Gives whether it may.
   */
  readonly more?: (() => Promise<boolean>) | undefined;
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
