/** States that carry nothing but their code; `too_many_logins` has the time at which it is over. */
export const plainLoginStates = [
  'second_factor_wanted',
  'approval_wanted',
  'account_locked',
  'password_change_wanted',
  'captcha_wanted',
  'terms_unaccepted',
  'consent_wanted',
  'survey_shown',
  'signed_in_elsewhere',
  'login_unrecognized',
] as const;

/**
 * What a source may want after the password, in place of letting in or refusing. Each needs a person, or time: no login
 * is made before a person says "continue", sets credentials, or the time is over.
 */
export const loginStates = [...plainLoginStates, 'too_many_logins'] as const;
export type LoginState = (typeof loginStates)[number];

/** For people: what the source shows, and what to do about it before the login is continued. */
export const loginStateWords: Readonly<Record<LoginState, { readonly shows: string; readonly toDo: string }>> = {
  second_factor_wanted: {
    shows: 'After the password the source asks for a code, a second factor.',
    toDo: 'Set the secret of its authenticator app with the credentials where the source takes one, or sign in yourself and trust this client or turn the second factor off.',
  },
  approval_wanted: {
    shows: 'After the password the source waits until the login is confirmed on another device.',
    toDo: 'Turn the confirmation off at the source, or be ready to confirm it on your device.',
  },
  account_locked: {
    shows: 'The source has locked the account.',
    toDo: 'Have the account unlocked at the source.',
  },
  password_change_wanted: {
    shows: 'The source asks for a new password before it lets in.',
    toDo: 'Change the password at the source, then set the new one.',
  },
  captcha_wanted: {
    shows: 'After the password the source wants a captcha solved.',
    toDo: 'Sign in at the source yourself and solve it. Where it comes back, sign in less often, or ask the source for an API.',
  },
  terms_unaccepted: {
    shows: 'The source asks to accept its terms before it lets in.',
    toDo: 'Sign in at the source yourself, and read and accept its terms.',
  },
  consent_wanted: {
    shows: 'The source asks for a consent, to cookies as a rule, before it lets in.',
    toDo: 'Sign in at the source yourself and answer it, or name its button in the definition of the source.',
  },
  survey_shown: {
    shows: 'The source shows a survey or notice in place of its pages.',
    toDo: 'Sign in at the source yourself and answer or dismiss it.',
  },
  signed_in_elsewhere: {
    shows: 'The source says that the account is signed in elsewhere.',
    toDo: 'End the other session, or use an account for Quotron alone.',
  },
  too_many_logins: {
    shows: 'The source takes no login for some time: there were too many.',
    toDo: 'Wait: the login is tried again by itself when the time is over.',
  },
  login_unrecognized: {
    shows: 'After the password came a page that is not known: neither signed in nor refused.',
    toDo: 'Sign in at the source yourself and see what it asks for. The failed run has a picture of the page.',
  },
};

export function isLoginState(code: string): code is LoginState {
  return loginStates.some((state) => state === code);
}
