import type { Failure } from '../contracts/failure.ts';
import type { BrowserLogin } from '../ports/browser.ts';
import type { Clock } from '../ports/clock.ts';
import type { SourceAddress } from '../sources/address.ts';
import type { BrowserFormLoginStrategy } from '../sources/definition.ts';
import { transportFailure } from '../sources/reading/http-failure.ts';
import { standInOf } from '../sources/reading/stand-ins.ts';
import { type LoginCredentials, loginNotKept, loginRefused } from './credentials.ts';
import { loginDemanded } from './login-states.ts';
import type { Session } from './session.ts';
import { totp } from './totp.ts';

/**
 * Signs in by a form in a browser. The session is all that the browser stored, which a context of any other browser can
 * continue. Gives a failure in place of a session that would not work.
 */
export async function browserLoginSession(
  strategy: BrowserFormLoginStrategy,
  address: SourceAddress,
  credentials: LoginCredentials,
  login: BrowserLogin,
  headers: Readonly<Record<string, string>>,
  clock: Clock,
): Promise<Session | Failure> {
  const { username, password, totpSecret } = credentials;
  const result = await login({
    url: address.url(strategy.loginUrl),
    selectors: strategy.selectors,
    faces: strategy.faces ?? [],
    secondFactor:
      strategy.secondFactor && totpSecret ? { ...strategy.secondFactor, code: () => totp(totpSecret, clock()) } : null,
    username,
    password,
    headers,
  });
  switch (result.outcome) {
    case 'signed_in':
      return {
        headers: {},
        query: {},
        storageState: result.storageState,
        expiresAt: new Date(clock() + strategy.lifeSeconds * 1000).toISOString(),
      };
    case 'refused':
      return loginRefused;
    case 'demanded':
      return loginDemanded(result, clock());
    case 'form_again':
      return loginNotKept;
    case 'too_large':
      return {
        reason: 'auth_expired',
        detail: { code: 'session_too_large' },
        message: 'The source stores more in the browser than is kept of a session.',
      };
    case 'no_form':
      return {
        reason: 'schema_drift',
        detail: { code: 'login_form_missing' },
        message: 'The login page has no form with the fields it used to have, or leads nowhere known.',
      };
    case 'failed':
      return (
        transportFailure(result) ??
        standInOf(result.response?.body ?? '') ?? {
          reason: 'unexplained',
          detail: { code: 'login_failed' },
          message: 'The login failed without an error.',
        }
      );
  }
}
