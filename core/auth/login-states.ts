import type { Failure } from '../contracts/failure.ts';
import type { HeldLogin } from '../contracts/state.ts';
import type { FailureDetail } from '../contracts/words/failure-details.ts';
import { isLoginState, loginStateWords } from '../contracts/words/login-states.ts';
import type { LoginDemand } from '../ports/browser.ts';

/** Where a source says no time, in seconds. */
export const usualLoginPauseSeconds = 3_600;

/** What a source wants after the password, as a failure. */
export function loginDemanded({ state, seconds = null }: LoginDemand, now: number): Failure {
  const detail: FailureDetail =
    state === 'too_many_logins'
      ? { code: state, until: new Date(now + (seconds ?? usualLoginPauseSeconds) * 1000).toISOString() }
      : { code: state };
  return onHold({ detail, until: 'until' in detail ? detail.until : null });
}

/** What a person does about a login that is on hold, for people. */
export function loginHint({ detail, until }: HeldLogin, sourceId: string): string {
  const { toDo } = wordsOf(detail);
  if (until !== null) return toDo;
  return `It needs a person. ${toDo} Then: \`quotron continue ${sourceId}\` or POST /api/v1/sources/${sourceId}/continue.`;
}

/** A login that is on hold, as the failure that put it there. */
export function onHold({ detail, until }: HeldLogin): Failure {
  const { shows, toDo } = wordsOf(detail);
  const message =
    until === null ? `${shows} It needs a person. ${toDo}` : `${shows} It takes logins again at ${until}.`;
  return { reason: 'auth_expired', detail, message };
}

function wordsOf({ code }: FailureDetail) {
  return loginStateWords[isLoginState(code) ? code : 'login_unrecognized'];
}

/** Whether a failed login is kept until a person, or time, ends it; and for how many seconds where it is time. */
export function holdOf({ detail }: Failure, now: number): { readonly seconds: number | null } | null {
  if (!isLoginState(detail.code)) return null;
  if (detail.code !== 'too_many_logins') return { seconds: null };
  return { seconds: Math.max(1, (Date.parse(detail.until) - now) / 1000) };
}
