import type { Failure } from '../contracts/failure.ts';
import type { UpstreamAnswer } from '../ports/upstream.ts';
import type { SourceAddress } from '../sources/address.ts';
import type { CookieCrumbStrategy } from '../sources/definition.ts';
import { guardedRead } from '../sources/guard.ts';
import { transportFailure } from '../sources/reading/http-failure.ts';
import { standInOf } from '../sources/reading/stand-ins.ts';
import { type CookieWalk, cookieWalk, type PermittedCall, redirectOf } from './cookie-walk.ts';
import { filledFields, type HtmlForm, readForms } from './read-form.ts';
import type { Session } from './session.ts';

/** A crumb as Yahoo makes them: 11 characters as a rule. `Too Many Requests`, a page or an empty body is not one. */
const crumbShape = /^[A-Za-z0-9./_\\=~+-]{6,32}$/;

const noCookies: Failure = {
  reason: 'auth_expired',
  detail: { code: 'no_cookies' },
  message: 'The source set no cookies, so no session can be made.',
};

/**
 * Makes a session the way Yahoo's own page does.
 *
 *   1. a page that sets cookies (it may answer 404, the cookies count)
 *   2. from Europe: it redirects to a consent form, whose "agree" is pressed, and on until the consent is copied back
 *   3. the crumb that belongs to the cookies
 *
 * Where the first page's cookies give no crumb, the walk begins once more at the source's ordinary page. Each request
 * draws on the quota. Gives a failure in place of a session that would not work.
 */
export async function cookieCrumbSession(
  strategy: CookieCrumbStrategy,
  address: SourceAddress,
  call: PermittedCall,
  headers: Readonly<Record<string, string>>,
  now: number,
): Promise<Session | Failure> {
  let last: Failure = noCookies;
  for (const start of [strategy.cookieUrl, strategy.pageUrl]) {
    const walk = cookieWalk(call, headers, allowedOrigins(strategy, address));
    const refused = await collectCookies(walk, address.url(start));
    if (refused) return refused;
    const crumb = await crumbFor(walk, address.url(strategy.crumbUrl));
    if (typeof crumb === 'string') {
      const cookie = await walk.cookiesFor(address.url(strategy.crumbUrl));
      return {
        headers: { cookie },
        query: { crumb },
        storageState: null,
        expiresAt: new Date(now + strategy.lifeSeconds * 1000).toISOString(),
      };
    }
    last = crumb;
    if (crumb.reason !== 'auth_expired') break;
  }
  return last;
}

/** Where the walk may go: the source's own origins, and those of the consent unless a setting put one in place of all. */
export function allowedOrigins(strategy: CookieCrumbStrategy, address: SourceAddress): string[] {
  const own = new URL(strategy.crumbUrl).origin;
  const replaced = !address.origins.includes(own);
  return replaced ? [...address.origins] : [...address.origins, ...strategy.consentOrigins];
}

/** Visits a page for its cookies, through the consent where one is wanted. Gives why it could not, or `null`. */
async function collectCookies(walk: CookieWalk, start: URL): Promise<Failure | null> {
  const first = await walk.visit({ method: 'GET', url: start });
  if ('reason' in first) return first;
  if (!first.response) return transportFailure(first) ?? noCookies;
  if (redirectOf(first) === null) return outage(first);
  const page = await walk.follow(first);
  if ('reason' in page) return page;
  const forms = guardedRead<HtmlForm[] | Failure>(
    () => readForms(page.response?.body ?? ''),
    (failure) => failure,
  );
  if ('reason' in forms) return forms;
  const form = forms.find(({ fields }) => fields.some(({ name }) => name === 'agree'));
  if (!form) return outage(page);
  const target = URL.canParse(form.action, page.url.href) ? new URL(form.action, page.url) : page.url;
  const agreed = await walk.visit({ method: 'POST', url: target, form: [...filledFields(form), ['agree', 'agree']] });
  if ('reason' in agreed) return agreed;
  if (redirectOf(agreed) === null)
    return {
      reason: 'auth_expired',
      detail: { code: 'consent_refused' },
      message: 'The source did not take the consent to its cookies.',
    };
  const back = await walk.follow(agreed);
  return 'reason' in back ? back : outage(back);
}

/** Why a page gives no cookies: the source limits, blocks or is down. A 404 is fine: only its cookies are needed. */
function outage(answer: UpstreamAnswer): Failure | null {
  const { response, setCookies } = answer;
  const failure = transportFailure(answer);
  // A page or a file with a 200 and without cookies says why there are none.
  if (response?.status === 200 && setCookies.length === 0) return failure ?? standInOf(response.body);
  return failure && ['rate_limited', 'blocked', 'down', 'timeout'].includes(failure.reason) ? failure : null;
}

async function crumbFor(walk: CookieWalk, url: URL): Promise<string | Failure> {
  if ((await walk.cookiesFor(url)) === '') return noCookies;
  const answer = await walk.visit({ method: 'GET', url });
  if ('reason' in answer) return answer;
  const failure = transportFailure(answer);
  if (failure) return failure;
  const crumb = answer.response?.body.trim() ?? '';
  if (/too many requests/i.test(crumb))
    return {
      reason: 'rate_limited',
      detail: { code: 'rate_limit_notice' },
      message: 'The source answered "Too Many Requests" in place of a crumb.',
    };
  if (!crumbShape.test(crumb))
    return (
      (crumb.startsWith('<') ? standInOf(crumb) : null) ?? {
        reason: 'auth_expired',
        detail: { code: 'no_crumb' },
        message: 'The source gave something else in place of a crumb.',
      }
    );
  return crumb;
}
