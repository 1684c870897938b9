import { beginsAsKey } from '../auth/api-keys.ts';
import type { Scope } from '../contracts/words/access.ts';

/** The key that came with a request. */
export interface GivenKey {
  readonly key: string;
  /** It stood in the address, for clients that cannot send a header. Logs between client and Quotron may have it. */
  readonly inPath: boolean;
}

/**
 * Takes the key out of `{base}/k/{key}/rest?query`. Only what is left is routed, logged and counted: a key in an address
 * must get no further.
 *
 * @example
 * splitKey('/yahoo/k/qtr_feed_…/v7/finance/quote?symbols=A', '/yahoo') // { target: '/yahoo/v7/finance/quote?symbols=A', key: 'qtr_feed_…' }
 */
export function splitKey(target: string, base: string): { readonly target: string; readonly key: string | undefined } {
  const prefix = `${base}/k/`;
  if (!target.startsWith(prefix)) return { target, key: undefined };
  const rest = target.slice(prefix.length);
  const end = /[/?]/.exec(rest)?.index ?? rest.length;
  return { target: base + rest.slice(end), key: rest.slice(0, end) };
}

/** The key of a request: that in the address, else the one in `x-api-key`, else that of `Authorization: Bearer`. */
export function givenKey(
  inPath: string | undefined,
  header: (name: string) => string | undefined,
): GivenKey | undefined {
  if (inPath !== undefined) return { key: inPath, inPath: true };
  const key = header('x-api-key') ?? /^Bearer +(\S+) *$/i.exec(header('authorization') ?? '')?.[1];
  return key === undefined ? undefined : { key, inPath: false };
}

/** Whether a key may stand in an address: feed tokens, and for one more release keys that only read. */
export function mayStandInPath({ scope }: { readonly scope: Scope }): boolean {
  return scope === 'read';
}

/** For who has sent a key in an address that may not stand there. */
export const pathKeyHelp =
  'A key of scope operate or admin may not stand in an address, which logs keep: revoke it, and send another one in a header. For clients without headers make a feed token: quotron keys create <name> --feed --routes …';

/** Since when keys that are no feed tokens should not stand in addresses (RFC 9745). */
const deprecatedSince = Date.UTC(2026, 10, 30) / 1000;

/**
 * What an answer to a key in an address has beside the rest, given its `cache-control` and `warning`: no page that shows
 * it sends its address on, no shared cache keeps it, and a key that should not stand there is told so.
 */
export function pathKeyHeaders(
  key: string,
  had: { readonly cacheControl: string | null; readonly warning: string | null },
): Record<string, string> {
  const cache = had.cacheControl ?? '';
  const headers: Record<string, string> = {
    'referrer-policy': 'no-referrer',
    'cache-control': /\bprivate\b/.test(cache) ? cache : ['private', cache].filter((part) => part !== '').join(', '),
  };
  // What is no key of Quotron's is that of a proxy without a database, and stays.
  if (!beginsAsKey(key)) return headers;
  const warning = '299 quotron "Keys in addresses end with the next release: use a feed token"';
  headers['deprecation'] = `@${deprecatedSince}`;
  headers['warning'] = had.warning === null ? warning : `${had.warning}, ${warning}`;
  return headers;
}
