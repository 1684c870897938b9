import { CookieJar } from 'tough-cookie';
import type { Failure } from '../contracts/failure.ts';
import type { UpstreamAnswer, UpstreamCall } from '../ports/upstream.ts';

/** One upstream request that draws on the source's quota, or why it may not be made. Never throws. */
export type PermittedCall = (call: UpstreamCall) => Promise<UpstreamAnswer | Failure>;

/** More redirects than any login or consent takes. */
const maxHops = 8;

export interface CookieWalk {
  /** One request with the cookies so far; keeps those that the answer sets. Redirects are not followed. */
  visit(step: {
    method: 'GET' | 'POST';
    url: URL;
    form?: readonly [string, string][];
  }): Promise<UpstreamAnswer | Failure>;
  /** Follows an answer's redirects, each as a request of its own and only to the allowed origins. */
  follow(answer: UpstreamAnswer): Promise<UpstreamAnswer | Failure>;
  /** The `cookie` header for an address; empty when there is none. */
  cookiesFor(url: URL): Promise<string>;
}

/** Walks pages as a browser's address bar does: with cookies, by hand, never off the list of origins. */
export function cookieWalk(
  call: PermittedCall,
  headers: Readonly<Record<string, string>>,
  origins: readonly string[],
): CookieWalk {
  const jar = new CookieJar();
  const walk: CookieWalk = {
    async visit({ method, url, form }) {
      if (!origins.includes(url.origin))
        return {
          reason: 'auth_expired',
          detail: { code: 'foreign_redirect' },
          message: 'The login or consent leads to an address that is not of the source.',
        };
      const cookie = await jar.getCookieString(url.href);
      const answer = await call({
        method,
        url,
        redirect: 'manual',
        headers: {
          ...headers,
          accept: 'text/html,application/xhtml+xml,application/xml,text/plain;q=0.9,*/*;q=0.8',
          ...(cookie === '' ? {} : { cookie }),
          ...(form === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
        },
        ...(form === undefined ? {} : { body: new URLSearchParams([...form]).toString() }),
      });
      if ('reason' in answer) return answer;
      for (const each of answer.setCookies) await jar.setCookie(each, answer.url.href, { ignoreError: true });
      return answer;
    },
    async follow(answer) {
      let at = answer;
      for (let hop = 0; hop < maxHops; hop++) {
        const next = redirectOf(at);
        if (next === null) return at;
        const found = await walk.visit({ method: 'GET', url: next });
        if ('reason' in found) return found;
        at = found;
      }
      return {
        reason: 'auth_expired',
        detail: { code: 'too_many_redirects', most: maxHops },
        message: `The login or consent redirects more than ${maxHops} times.`,
      };
    },
    cookiesFor: (url) => jar.getCookieString(url.href),
  };
  return walk;
}

/** Where an answer sends us, or `null`. */
export function redirectOf({ response, url }: UpstreamAnswer): URL | null {
  const { location } = response?.headers ?? {};
  const { status } = response ?? { status: 0 };
  const moved = status >= 300 && status < 400 && location !== undefined && URL.canParse(location, url.href);
  return moved ? new URL(location, url) : null;
}
