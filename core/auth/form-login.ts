import type { Failure } from '../contracts/failure.ts';
import type { Clock } from '../ports/clock.ts';
import type { UpstreamAnswer } from '../ports/upstream.ts';
import type { SourceAddress } from '../sources/address.ts';
import type { FormLoginStrategy } from '../sources/definition.ts';
import { guardedRead } from '../sources/guard.ts';
import { transportFailure } from '../sources/reading/http-failure.ts';
import { standInOf } from '../sources/reading/stand-ins.ts';
import { cookieWalk, type PermittedCall, redirectOf } from './cookie-walk.ts';
import { type LoginCredentials, loginNotKept, loginRefused } from './credentials.ts';
import { viewOfHtml } from './html-view.ts';
import { meaningOf } from './login-faces.ts';
import { loginDemanded } from './login-states.ts';
import type { LoginView } from './login-view.ts';
import { filledFields, type HtmlForm, readForms } from './read-form.ts';
import type { Session } from './session.ts';
import { totp } from './totp.ts';

/**
 * Signs in by an HTML form over HTTP: fetches it, sends user name, password and its hidden fields (a CSRF token), and
 * takes the cookies. The session cookie must be there in the end, and be another one than before: a login that was
 * refused sets cookies too. What came instead is refused where the page says so, else one of the states of a login.
 */
export async function formLoginSession(
  strategy: FormLoginStrategy,
  address: SourceAddress,
  credentials: LoginCredentials,
  call: PermittedCall,
  headers: Readonly<Record<string, string>>,
  clock: Clock,
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
    return (
      standInOf(page.response?.body ?? '') ?? {
        reason: 'schema_drift',
        detail: { code: 'login_form_missing' },
        message: 'The login page has no form with the fields it used to have.',
      }
    );
  const before = cookieOf(await walk.cookiesFor(loginUrl), strategy.sessionCookie);
  const typed = filledFields(form).filter(([name]) => name !== username && name !== password);
  const sent = await walk.visit({
    method: 'POST',
    url: targetOf(form, page),
    form: [...typed, [username, credentials.username], [password, credentials.password]],
  });
  if ('reason' in sent) return sent;
  let end = redirectOf(sent) === null ? sent : await walk.follow(sent);
  if ('reason' in end) return end;
  const shown = viewOfHtml(page.response?.body ?? '', page.url, strategy.fields);
  const { secondFactor } = strategy;
  const { totpSecret } = credentials;
  const codeForm = secondFactor && totpSecret ? formWith(end, [secondFactor.field]) : null;
  if (secondFactor && totpSecret && codeForm) {
    const rest = filledFields(codeForm).filter(([name]) => name !== secondFactor.field);
    const coded = await walk.visit({
      method: 'POST',
      url: targetOf(codeForm, end),
      form: [...rest, [secondFactor.field, totp(totpSecret, clock())]],
    });
    if ('reason' in coded) return coded;
    end = redirectOf(coded) === null ? coded : await walk.follow(coded);
    if ('reason' in end) return end;
    // A code that did not let in is not tried again: the next refusal may lock the account.
    if (formWith(end, [secondFactor.field])) return loginDemanded({ state: 'second_factor_wanted' }, clock());
  }
  const cookie = await walk.cookiesFor(address.url('/'));
  const after = cookieOf(cookie, strategy.sessionCookie);
  const isNew = after !== undefined && after !== before;
  const failed = failureAfter(strategy, end, shown, isNew, clock());
  if (failed) return failed;
  return {
    headers: { cookie },
    query: {},
    storageState: null,
    expiresAt: new Date(clock() + strategy.lifeSeconds * 1000).toISOString(),
  };
}

/**
 * Why what came after the password is no session. Some sites give the cookie of a session before they ask for a code, or for
 * a new password: fields and addresses show that. The text of a page that let in may say anything.
 */
function failureAfter(
  strategy: FormLoginStrategy,
  end: UpstreamAnswer,
  before: LoginView,
  hasCookie: boolean,
  now: number,
): Failure | null {
  const failure = transportFailure(end);
  const body = end.response?.body ?? '';
  const view = guardedRead<LoginView | Failure>(
    () => viewOfHtml(body, end.url, strategy.fields),
    (failed) => failed,
  );
  if ('reason' in view) return hasCookie ? null : view;
  const { faces = [], refused } = strategy;
  const own = meaningOf({ ...view, signedIn: true }, before, faces, now);
  if (own.outcome === 'demanded') return loginDemanded(own, now);
  if (hasCookie) {
    const demand = meaningOf({ ...view, lines: [] }, before, [], now);
    const mustAct =
      demand.outcome === 'demanded' && demand.state !== 'survey_shown' && demand.state !== 'consent_wanted';
    return mustAct ? loginDemanded(demand, now) : null;
  }
  if (failure?.detail.code === 'bot_challenge') return failure;
  if (refused?.test(view.lines.join('\n'))) return loginRefused;
  const meaning = meaningOf(view, before, faces, now);
  if (meaning.outcome === 'demanded') return loginDemanded(meaning, now);
  if (end.response?.status === 423) return loginDemanded({ state: 'account_locked' }, now);
  if (failure && failure.reason !== 'auth_expired' && failure.reason !== 'blocked') return failure;
  if (meaning.outcome === 'refused' || failure) return loginRefused;
  return view.form ? loginNotKept : loginDemanded({ state: 'login_unrecognized' }, now);
}

/** The form of a page that has all of these fields. */
function formWith({ response }: UpstreamAnswer, names: readonly string[]): HtmlForm | null {
  const forms = guardedRead<HtmlForm[]>(
    () => readForms(response?.body ?? ''),
    () => [],
  );
  return forms.find(({ fields }) => names.every((each) => fields.some(({ name }) => name === each))) ?? null;
}

function targetOf({ action }: HtmlForm, { url }: UpstreamAnswer): URL {
  return URL.canParse(action, url.href) ? new URL(action, url) : url;
}

function cookieOf(header: string, name: string): string | undefined {
  const pair = header.split(/;\s*/).find((each) => each.startsWith(`${name}=`));
  return pair?.slice(name.length + 1);
}
