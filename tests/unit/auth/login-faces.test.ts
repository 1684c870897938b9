import { describe, expect, it } from 'vitest';
import { viewOfHtml } from '../../../core/auth/html-view.ts';
import { meaningOf } from '../../../core/auth/login-faces.ts';
import type { LoginView } from '../../../core/auth/login-view.ts';

const form = { username: 'user', password: 'pass' };
const login = `<form id="login"><input name="user"><input name="pass" type="password"><button>Sign in</button></form>
<p>Forgot your password? <a href="/reset">Reset your password</a>. By signing in you accept our terms.</p>
<p>After five failed attempts your account will be locked.</p>`;
const viewOf = (html: string, path = '/login'): LoginView => viewOfHtml(html, new URL(path, 'https://a.test'), form);
const before = viewOf(login);
const meaning = (html: string, path?: string) => meaningOf(viewOf(html, path), before, []);

describe('a page after the password', () => {
  it.each([
    ['second_factor_wanted', '<p>We sent a 6-digit code to ***@mail.test.</p>', '/login'],
    ['second_factor_wanted', '<input autocomplete="one-time-code">', '/login'],
    ['second_factor_wanted', '<input name="otpCode">', '/next'],
    ['second_factor_wanted', '<h1>Hold on</h1>', '/account/verify'],
    ['approval_wanted', '<p>Approve the sign-in on your phone</p>', '/next'],
    ['approval_wanted', '<p>We have sent a push notification. Waiting for approval …</p>', '/next'],
    ['account_locked', `${login}<p>Your account has been locked for security reasons.</p>`, '/login'],
    ['account_locked', '<p>This user is suspended. Call us.</p>', '/next'],
    [
      'password_change_wanted',
      '<input name="user"><input name="pass" type="password"><input name="pass2" type="password" placeholder="Repeat password">',
      '/login',
    ],
    [
      'password_change_wanted',
      '<p>Your password will expire in 3 days.</p><a>Change now</a><a>Remind me later</a>',
      '/x',
    ],
    ['password_change_wanted', '<h1>Hello</h1>', '/change-password'],
    ['terms_unaccepted', '<p>We have updated our Terms of Use. Please review and accept them.</p>', '/x'],
    ['consent_wanted', '<p>We use cookies. Accept all cookies or manage them.</p>', '/x'],
    ['signed_in_elsewhere', '<p>You are already logged in on another device. Continue?</p>', '/x'],
    ['signed_in_elsewhere', '<p>There is an active session for this user.</p>', '/x'],
    ['survey_shown', '<p>How did we do? Take our survey</p>', '/x'],
  ])('is %s: %s', (state, html, path) => {
    expect(meaning(html, path)).toMatchObject({ outcome: 'demanded', state });
  });

  it.each([
    ['Too many attempts, try again in 15 minutes', 900],
    ['Too many failed login attempts. Please wait 2 hours.', 7_200],
    ['Your account is temporarily locked. Try again after an hour.', 3_600],
    ['Your account has been locked for 30 minutes.', 1_800],
    ['Too many requests', null],
  ])('has a time where it says one: %s', (text, seconds) => {
    expect(meaning(`${login}<div>${text}</div>`)).toEqual({ outcome: 'demanded', state: 'too_many_logins', seconds });
  });

  it.each([
    'The user name or password is incorrect.',
    'Invalid credentials. You have 2 attempts left before your account is locked.',
    'We do not know this user name and password',
    'Login failed. If it fails three times, your account may be blocked.',
  ])('is a refusal where the form is there again and says so: %s', (text) => {
    expect(meaning(`${login}<div>${text}</div>`)).toEqual({ outcome: 'refused' });
  });

  it.each([
    ['the same page again', login],
    ['an error that nobody sees', `${login}<div hidden>The password is incorrect. Enter the code.</div>`],
    [
      'an error in a style',
      `${login}<div style="color:red; display: none">Your account is locked</div><script>"wrong password"</script>`,
    ],
    ['a page that says nothing known', '<h1>Portfolio</h1>'],
    ['an error without its form', '<p>The details of this bond are not known</p>'],
  ])('is undecided: %s', (_, html) => {
    expect(meaning(html)).toEqual({ outcome: 'undecided' });
  });

  it('is signed in whatever its text says, but not what lies over it', () => {
    const view = { ...viewOf('<p>Take our survey. Enter the code. Accept our terms.</p>'), signedIn: true };
    expect(meaningOf(view, before, [])).toEqual({ outcome: 'signed_in' });
    const over = (text: string) => meaningOf({ ...view, dialogLines: [text] }, before, []);
    expect(over('You are signed in elsewhere. Continue?')).toMatchObject({ state: 'signed_in_elsewhere' });
    expect(over('Accept our cookies')).toEqual({ outcome: 'signed_in' });
  });

  it('is what the source itself names first, by selector, text and path together', () => {
    const faces = [{ state: 'survey_shown', text: /Umfrage/, path: /^\/danach$/ }] as const;
    expect(meaningOf(viewOf('<p>Kurze Umfrage</p>', '/danach'), before, faces)).toMatchObject({
      state: 'survey_shown',
    });
    expect(meaningOf(viewOf('<p>Kurze Umfrage</p>', '/x'), before, faces)).toEqual({ outcome: 'undecided' });
    const pressed = [{ state: 'consent_wanted', selector: '#wall', press: '#no' }] as const;
    expect(meaningOf({ ...before, faces: [0] }, null, pressed)).toEqual({ outcome: 'pass', face: 0, press: '#no' });
    expect(meaningOf(before, null, pressed)).toEqual({ outcome: 'undecided' });
  });

  it('of two million characters is read soon', () => {
    const began = performance.now();
    for (const part of ['<div hidden>', '<p>too many ', 'a account ', '<', 'enter the '])
      meaningOf(viewOf(part.repeat(2_000_000 / part.length)), before, []);
    expect(performance.now() - began).toBeLessThan(20_000);
  });
});
