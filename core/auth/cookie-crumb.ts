import { CookieJar } from 'tough-cookie';
import type { Exchange } from '../contracts/blob.ts';
import type { Upstream, UpstreamAnswer } from '../ports/upstream.ts';
import type { SourceAddress } from '../sources/address.ts';
import type { CookieCrumbStrategy } from '../sources/definition.ts';
import { transportFailure } from '../sources/http-failure.ts';
import type { Failure } from '../sources/parser.ts';
import type { Session } from './session.ts';

/** A crumb as Yahoo makes them: 11 characters as a rule. `Too Many Requests`, a page or nothing is none. */
const crumbShape = /^[A-Za-z0-9./_\\=~+-]{6,32}$/;

/**
 * Makes a session the way Yahoo's own page does: a page that sets cookies (it may answer 404, the cookies count), then
 * the crumb that belongs to them. Two upstream requests. Gives a failure in place of a session that would not work.
 */
export async function cookieCrumbSession(
  strategy: CookieCrumbStrategy,
  address: SourceAddress,
  upstream: Upstream,
  headers: Readonly<Record<string, string>>,
  now: number,
): Promise<Session | Failure> {
  const jar = new CookieJar();
  const page = await upstream({ method: 'GET', url: address.url(strategy.cookieUrl), headers });
  if (!page.response) return failureOf(page);
  for (const cookie of page.setCookies) await jar.setCookie(cookie, page.url.href, { ignoreError: true });

  const crumbUrl = address.url(strategy.crumbUrl);
  const cookie = await jar.getCookieString(crumbUrl.href);
  if (!cookie) return page.response.status === 404 ? noCookies : (transportFailure(exchangeOf(page)) ?? noCookies);
  const answer = await upstream({ method: 'GET', url: crumbUrl, headers: { ...headers, cookie } });
  const failure = transportFailure(exchangeOf(answer));
  if (failure) return failure;
  const crumb = answer.response?.body.trim() ?? '';
  if (/too many requests/i.test(crumb))
    return { reason: 'rate_limited', message: 'The source answered "Too Many Requests" in place of a crumb.' };
  if (!crumbShape.test(crumb))
    return { reason: 'auth_expired', message: 'What the source gave in place of a crumb is none.' };
  return {
    headers: { cookie },
    query: { crumb },
    storageState: null,
    expiresAt: new Date(now + strategy.lifeSeconds * 1000).toISOString(),
  };
}

const noCookies: Failure = {
  reason: 'auth_expired',
  message: 'The source set no cookies, so there is no session to be had.',
};

function failureOf(answer: UpstreamAnswer): Failure {
  return transportFailure(exchangeOf(answer)) ?? noCookies;
}

/** An answer as what `transportFailure` reads. */
function exchangeOf(answer: UpstreamAnswer): Exchange {
  return {
    request: { method: 'GET', url: '', headers: {}, symbols: [] },
    response: answer.response,
    error: answer.error,
    fetchedAt: new Date(0).toISOString(),
    latencyMs: answer.latencyMs,
  };
}
