import type { Exchange } from '../contracts/blob.ts';

export interface UpstreamCall {
  readonly method: 'GET' | 'POST';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
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
