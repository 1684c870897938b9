import type { Sample } from '../../../contracts/http/diagnostics.ts';
import { causeMeanings, causeOf } from '../../../contracts/words/causes.ts';
import { unspecified } from '../../../contracts/words/failure-details.ts';
import { isLoginState, loginStateWords } from '../../../contracts/words/login-states.ts';
import type { SourceFacts } from '../../facts.ts';
import { minute } from '../../instants.ts';
import { look, pause, recover, say, test } from '../advice.ts';
import { allSay } from '../evidence.ts';
import type { SourceRule } from '../rule.ts';

function loginWords({ login }: SourceFacts) {
  const { code } = login?.detail ?? unspecified;
  return loginStateWords[isLoginState(code) ? code : 'login_unrecognized'];
}

/** A code says that the session ended. One of a release before there were codes says nothing. */
function isSessionEnd({ detail }: Sample): boolean {
  const cause = causeOf('auth_expired', detail);
  return cause === 'session_ended' && detail?.code !== 'unspecified';
}

/** Credentials and sessions. */
export const sessionRules: readonly SourceRule[] = [
  {
    id: 'credentials-unset',
    short: 'its credentials are not there',
    reasons: ['auth_expired'],
    needs: allSay('credentials_unset'),
    cause: () =>
      'No request was made: the secret with the credentials is empty, or does not have all that the login needs.',
    advice: (complaint) => [say('Set them:', `npx quotron credentials set ${complaint.source.id}`), test(complaint)],
    weight: 90,
  },
  {
    id: 'wants-credentials',
    short: 'it wants credentials now',
    reasons: ['auth_expired'],
    needs: ({ source }) => source.credentials === null && source.signsIn === null,
    cause: () =>
      'The source asks for a key or a login, where it answered without one before: it has changed its terms, or its addresses.',
    advice: (complaint) => [look(complaint), test(complaint), pause(complaint)],
    weight: 85,
  },
  {
    id: 'login-needs-a-person',
    short: 'its login needs a person',
    reasons: ['auth_expired'],
    needs: ({ source }) => source.login !== null && source.login.until === null,
    cause: ({ source }) => loginWords(source).shows,
    advice: ({ source }) => [
      say(loginWords(source).toDo),
      say('Then continue the login; none is made before:', `npx quotron continue ${source.id}`),
    ],
    weight: 95,
  },
  {
    id: 'login-later',
    short: 'it takes no login for some time',
    reasons: ['auth_expired'],
    needs: ({ source }) => source.login !== null,
    cause: ({ source }) => `${loginWords(source).shows} It takes logins again at ${minute(source.login?.until ?? 0)}.`,
    advice: ({ source }) => [say(loginWords(source).toDo)],
    weight: 85,
  },
  {
    id: 'session-ended',
    short: 'the session ended',
    reasons: ['auth_expired'],
    needs: ({ samples, source }) =>
      source.signsIn !== 'cookie-crumb' &&
      source.signsIn !== 'api-key' &&
      samples.length > 0 &&
      samples.every(isSessionEnd),
    cause: () => causeMeanings.session_ended,
    advice: (complaint) => [
      test(complaint),
      recover(complaint),
      say('If that fails too, set the credentials again:', `npx quotron credentials set ${complaint.source.id}`),
    ],
    weight: 60,
  },
  {
    id: 'wrong-credentials',
    short: 'the credentials are wrong',
    reasons: ['auth_expired'],
    needs: ({ source, firstAt }) => {
      const changedAt = source.credentials?.isSet ? source.credentials.changedAt : null;
      return (
        changedAt !== null && changedAt !== undefined && changedAt <= firstAt && (source.lastSuccessAt ?? 0) < changedAt
      );
    },
    cause: ({ source }) =>
      `The credentials were set at ${minute(source.credentials?.changedAt ?? 0)}, and nothing has succeeded since: they are wrong.`,
    advice: (complaint) => [
      say('Set the right ones:', `npx quotron credentials set ${complaint.source.id}`),
      test(complaint),
    ],
    weight: 90,
  },
  {
    id: 'credentials-refused',
    short: 'the credentials are no longer accepted',
    reasons: ['auth_expired'],
    needs: ({ source }) => source.credentials !== null,
    cause: ({ source }) =>
      `The source no longer accepts credentials that worked before${source.lastSuccessAt === null ? '' : ` (last at ${minute(source.lastSuccessAt)})`}: they have expired, were revoked, or the account is locked.`,
    advice: (complaint) => [
      say('Sign in at the source yourself and see what it says about the account.'),
      say('Set new credentials if they changed:', `npx quotron credentials set ${complaint.source.id}`),
      recover(complaint),
    ],
    weight: 85,
  },
  {
    id: 'session-refused',
    short: 'the session ended',
    reasons: ['auth_expired'],
    needs: ({ source }) => source.signsIn === 'cookie-crumb',
    cause: () =>
      'The source ended the session and did not accept a new one either: cookies, crumb or consent changed on its side.',
    advice: (complaint) => [
      recover(complaint),
      say('If that fails too, its way to a session changed: see the session strategy in core/auth.'),
    ],
    weight: 85,
  },
];
