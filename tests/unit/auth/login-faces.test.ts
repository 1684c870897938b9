import { describe, expect, it } from 'vitest';
import { viewOfHtml } from '../../../core/auth/html-view.ts';
import { meaningOf as meaningAt } from '../../../core/auth/login-faces.ts';
import type { LoginView } from '../../../core/auth/login-view.ts';
import type { LoginFace } from '../../../core/sources/definition.ts';

const form = { username: 'user', password: 'pass' };
const login = `<form id="login"><input name="user"><input name="pass" type="password"><button>Sign in</button></form>
<p>Forgot your password? <a href="/reset">Reset your password</a>. By signing in you accept our terms.</p>
<p>After five failed attempts your account will be locked.</p>`;
const viewOf = (html: string, path = '/login'): LoginView => viewOfHtml(html, new URL(path, 'https://a.test'), form);
const before = viewOf(login);
const now = Date.parse('2026-11-30T14:00:00Z');
const meaningOf = (view: LoginView, earlier: LoginView | null, faces: readonly LoginFace[]) =>
  meaningAt(view, earlier, faces, now);
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
    ['second_factor_wanted', `<p>Hold on</p>${'<input maxlength="1" inputmode="numeric">'.repeat(6)}`, '/x'],
    ['second_factor_wanted', '<p>We texted •••• 89</p>', '/x'],
    ['second_factor_wanted', '<p>What was the name of your first pet?</p><input name="a">', '/x'],
    ['second_factor_wanted', '<p>We noticed unusual activity and blocked this sign-in.</p>', '/x'],
    ['approval_wanted', '<p>Check your inbox: we emailed you a sign-in link.</p>', '/x'],
    ['approval_wanted', '<p>Check for a Duo Push. Verify it’s you by approving the notification</p>', '/x'],
    ['consent_wanted', '<p>We use cookies to improve your experience.</p><button>Accept all</button>', '/x'],
    ['survey_shown', '<h1>Stay signed in?</h1><button>Yes</button><button>No</button>', '/x'],
    ['survey_shown', '<h1>Add a phone number</h1><input name="tel" type="tel"><button>Skip</button>', '/x'],
    ['second_factor_wanted', '<h1>Check your email</h1><p>We have emailed a code to m***@mail.test</p>', '/x'],
    ['second_factor_wanted', '<p>Please enter the 6 digits from your SMS</p>', '/x'],
    ['second_factor_wanted', '<p>How would you like to receive your code?</p>', '/x'],
    ['second_factor_wanted', '<p>Answer your security question</p><input name="answer">', '/x'],
    ['second_factor_wanted', '<h1>New device detected</h1><p>Trust this device?</p>', '/x'],
    ['second_factor_wanted', '<p>Bitte geben Sie den Bestätigungscode ein</p>', '/x'],
    ['approval_wanted', '<p>Click the link we sent to m***@mail.test to sign in</p>', '/x'],
    ['approval_wanted', '<p>Open the Broker app and confirm</p>', '/x'],
    ['approval_wanted', '<p>Pushed a login request to your device…</p>', '/x'],
    ['approval_wanted', '<p>Scan the QR code with your phone to log in</p>', '/x'],
    ['survey_shown', '<p>Use your passkey to sign in faster</p><button>Create a passkey</button>', '/x'],
    ['captcha_wanted', '<p>Enter the characters shown in the image</p><input name="answer">', '/login'],
    ['captcha_wanted', `${login}<p>Please complete the captcha</p>`, '/login'],
    ['captcha_wanted', '<p>Please solve the puzzle to continue</p>', '/x'],
    ['account_locked', `${login}<p>Access to your account has been restricted.</p>`, '/login'],
    ['account_locked', `${login}<p>This account is not active</p>`, '/login'],
    ['account_locked', `${login}<p>For your security we have locked your online access.</p>`, '/login'],
    ['account_locked', `${login}<p>Ihr Konto wurde gesperrt.</p>`, '/login'],
    ['too_many_logins', `${login}<p>You have exceeded the maximum number of login attempts.</p>`, '/login'],
    ['password_change_wanted', '<p>Your password is more than 90 days old.</p>', '/x'],
    ['password_change_wanted', '<p>It’s been a while since you changed your password</p>', '/x'],
    ['terms_unaccepted', '<h1>Privacy notice update</h1><button>I agree</button>', '/x'],
    ['terms_unaccepted', '<p>Are you a professional or non-professional subscriber?</p>', '/x'],
    ['survey_shown', '<p>What’s new: our dashboard</p><button>Got it</button>', '/x'],
    ['signed_in_elsewhere', '<p>You are logged in on 2 devices. Choose one to sign out.</p>', '/x'],
    ['signed_in_elsewhere', '<p>Your session was opened in another browser. Log out there?</p>', '/x'],
  ])('is %s: %s', (state, html, path) => {
    expect(meaning(html, path)).toMatchObject({ outcome: 'demanded', state });
  });

  it.each([
    ['Too many attempts, try again in 15 minutes', 900],
    ['Too many failed login attempts. Please wait 2 hours.', 7_200],
    ['Your account is temporarily locked. Try again after an hour.', 3_600],
    ['Your account has been locked for 30 minutes.', 1_800],
    ['Too many requests', null],
    ['Too many attempts. Try again at 14:30.', 1_800],
    ['Too many attempts. Please try again at 2:30 PM', 1_800],
    ['Too many attempts. Try again at 10:00 EST', 3_600],
    ['Too many attempts. Try again at 13:00.', 23 * 3_600],
    ['Your account is locked until 2026-12-01 10:00', 20 * 3_600],
    ['Too many attempts. Try again in 1 hour and 30 minutes.', 5_400],
    ['Too many attempts. Try again in 15:00', 900],
    ['Too many attempts. Retry in 00:14:59', 899],
    ['Too many attempts. Try again in half an hour', 1_800],
    ['Too many attempts. Try again tomorrow.', 86_400],
  ])('has a time where it says one: %s', (text, seconds) => {
    expect(meaning(`${login}<div>${text}</div>`)).toEqual({ outcome: 'demanded', state: 'too_many_logins', seconds });
  });

  it.each([
    'The user name or password is incorrect.',
    'Invalid credentials. You have 2 attempts left before your account is locked.',
    'We do not know this user name and password',
    'Login failed. If it fails three times, your account may be blocked.',
    'That password isn’t right',
    'Sign-in was not successful. Please check your details.',
    'The information you entered does not match our records.',
    'Please check your username and password and try again',
    'Benutzername oder Passwort ist falsch.',
    'Identifiant ou mot de passe incorrect',
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
    ['trouble of the source', `${login}<p>Login error: our service is temporarily unavailable.</p>`],
    ['trouble with the form', `${login}<p>Login failed: your session has expired.</p>`],
    ['the end of the last session', `${login}<p>You have been logged out.</p>`],
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
