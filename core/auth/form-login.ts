import type { Failure } from '../contracts/failure.ts';
import type { SourceAddress } from '../sources/address.ts';
import type { FormLoginStrategy } from '../sources/definition.ts';
import { guardedRead } from '../sources/guard.ts';
import { transportFailure } from '../sources/reading/http-failure.ts';
import { cookieWalk, type PermittedCall, redirectOf } from './cookie-walk.ts';
import { type LoginCredentials, loginRefused } from './credentials.ts';
import { filledFields, type HtmlForm, readForms } from './read-form.ts';
import type { Session } from './session.ts';

/**
 * Signs in by an HTML form over HTTP: fetches it, sends user name, password and its hidden fields (a CSRF token), and
 * takes the cookies. The session cookie must be there in the end, and be another one than before: a login that was
 * refused sets cookies too.
 */
export async function formLoginSession(
  strategy: FormLoginStrategy,
  address: SourceAddress,
  credentials: LoginCredentials,
  call: PermittedCall,
  headers: Readonly<Record<string, string>>,
  now: number,
): Promise<Session | Failure> {
  const walk = cookieWalk(call, headers, address.origins);
  const loginUrl = address.url(strategy.loginUrl);
  const first = await walk.visit({ method: 'GET', url: loginUrl });
  if ('reason' in first) return first;
  const page = await walk.follow(first);
  if ('reason' in page) return page;
  const failure = transportFailure(page);
  if (failure) return failure;
  const { username, password } = strategy.fields;
  const forms = guardedRead<HtmlForm[] | Failure>(
    () => readForms(page.response?.body ?? ''),
    (failed) => failed,
  );
  if ('reason' in forms) return forms;
  const form = forms.find(
    ({ fields }) => fields.some(({ name }) => name === username) && fields.some(({ name }) => name === password),
  );
  if (!form)
    return {
      reason: 'schema_drift',
      detail: { code: 'login_form_missing' },
      message: 'The login page has no form with the fields it used to have.',
    };
  const before = cookieOf(await walk.cookiesFor(loginUrl), strategy.sessionCookie);
  const target = URL.canParse(form.action, page.url.href) ? new URL(form.action, page.url) : page.url;
  const typed = filledFields(form).filter(([name]) => name !== username && name !== password);
  const sent = await walk.visit({
    method: 'POST',
    url: target,
    form: [...typed, [username, credentials.username], [password, credentials.password]],
  });
  if ('reason' in sent) return sent;
  const end = redirectOf(sent) === null ? sent : await walk.follow(sent);
  if ('reason' in end) return end;
  const cookie = await walk.cookiesFor(address.url('/'));
  const after = cookieOf(cookie, strategy.sessionCookie);
  if (after === undefined || after === before) {
    const told = transportFailure(end);
    return told && told.reason !== 'auth_expired' && told.reason !== 'blocked' ? told : loginRefused;
  }
  return {
    headers: { cookie },
    query: {},
    storageState: null,
    expiresAt: new Date(now + strategy.lifeSeconds * 1000).toISOString(),
  };
}

function cookieOf(header: string, name: string): string | undefined {
  const pair = header.split(/;\s*/).find((each) => each.startsWith(`${name}=`));
  return pair?.slice(name.length + 1);
}
