import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ChromiumBrowser, chromiumBrowser } from '../../core/adapters/chromium/browser.ts';
import { type Site, startSite } from '../support/hostile-site.ts';

/*
 * Login forms, and what comes after the password, in a real browser on a site of the test's own. The password is sent once,
 * whatever comes.
 */
const html = (response: ServerResponse, status: number, body: string, headers: Record<string, string> = {}) =>
  response
    .writeHead(status, { 'content-type': 'text/html; charset=utf-8', ...headers })
    .end(`<!doctype html><body>${body}`);
const fields = '<input name="username"><input name="password" type="password">';
const form = (action: string, inside = fields) =>
  `<form id="login" method="post" action="${action}">${inside}<button type="submit">Sign in</button></form>`;
const home = '<p id="account">Hello</p>';
const setsCookie = (afterMs: number) =>
  `${home}<script>setTimeout(() => { document.cookie = 'session=made; path=/' }, ${afterMs})</script>`;
const shadow = (content: string) =>
  `<x-login></x-login><script>customElements.define('x-login', class extends HTMLElement { constructor() { super(); this.attachShadow({ mode: 'open' }).innerHTML = ${JSON.stringify(content)} } })</script>`;
const sentByScript = (show: string) => `${form('/x')}<p id="said"></p><script>
  document.getElementById('login').onsubmit = async (event) => { event.preventDefault();
    const answer = await fetch('sent', { method: 'POST' }); const text = await answer.text(); ${show} };</script>`;

interface Case {
  readonly first: string;
  /** What comes for the password. */
  readonly answer: (response: ServerResponse) => unknown;
  /** Pages besides. */
  readonly more?: Readonly<Record<string, string>>;
}
const cases: Readonly<Record<string, Case>> = {
  'a plain form': {
    first: form('sent'),
    answer: (to) => html(to, 200, home, { 'set-cookie': 'session=made; Path=/' }),
  },
  'the user name first, then the password on the same page': {
    first: `${form('sent', '<input name="username">')}<script>
      document.getElementById('login').onsubmit = (event) => { if (document.querySelector('[name=password]')) return; event.preventDefault();
        setTimeout(() => { document.querySelector('[name=username]').hidden = true; document.querySelector('button').insertAdjacentHTML('beforebegin', '<input name="password" type="password">') }, 200) }</script>`,
    answer: (to) => html(to, 200, home, { 'set-cookie': 'session=made; Path=/' }),
  },
  'the user name first, then the password on another page': {
    first: form('next', '<input name="username">'),
    answer: (to) => html(to, 200, home, { 'set-cookie': 'session=made; Path=/' }),
    more: { next: form('sent', '<input name="password" type="password">') },
  },
  'a form in a frame': {
    first: '<iframe src="inside" width="600" height="300"></iframe>',
    answer: (to) =>
      html(to, 200, `${home}<script>parent.document.title = 'in'</script>`, { 'set-cookie': 'session=made; Path=/' }),
    more: { inside: form('sent') },
  },
  'a form in a shadow root': {
    first: shadow(form('sent')),
    answer: (to) => html(to, 200, home, { 'set-cookie': 'session=made; Path=/' }),
  },
  'a form without a button': {
    first: `<form id="login" method="post" action="sent" onkeydown="event.key === 'Enter' && this.submit()">${fields}</form>`,
    answer: (to) => html(to, 200, home, { 'set-cookie': 'session=made; Path=/' }),
  },
  'a cookie that a script sets after three seconds': {
    first: form('sent'),
    answer: (to) => html(to, 200, setsCookie(3_000)),
  },
  'a banner of something else beside the account': {
    first: form('sent'),
    answer: (to) =>
      html(
        to,
        200,
        `<div role="alert">Too many requests to the news service. The password of user X is incorrect.</div>${home}`,
        {
          'set-cookie': 'session=made; Path=/',
        },
      ),
  },
  'an alert of the page': {
    first: `<script>alert('Welcome')</script>${form('sent')}`,
    answer: (to) =>
      html(to, 200, `<script>alert('Hello'); onbeforeunload = () => 'stay'</script>${home}`, {
        'set-cookie': 'session=made; Path=/',
      }),
  },
  'an error from the start': {
    first: `<p class="problem">The password is incorrect.</p>${form('sent')}`,
    answer: (to) => html(to, 200, home, { 'set-cookie': 'session=made; Path=/' }),
  },
};

const ends: Readonly<Record<string, Case & { readonly outcome: object }>> = {
  'a locked account with 403': {
    first: form('sent'),
    answer: (to) => html(to, 403, '<h1>Your account has been locked</h1>'),
    outcome: { outcome: 'demanded', state: 'account_locked' },
  },
  'a locked account with 423 and no word': {
    first: form('sent'),
    answer: (to) => html(to, 423, '<h1>Sorry</h1>'),
    outcome: { outcome: 'demanded', state: 'account_locked' },
  },
  'a refusal with 401 and the form again': {
    first: form('sent'),
    answer: (to) => html(to, 401, `<p>Invalid credentials.</p>${form('sent')}`),
    outcome: { outcome: 'refused' },
  },
  'a refusal with 401 and no word': {
    first: form('sent'),
    answer: (to) => html(to, 401, '<h1>Hm</h1>'),
    outcome: { outcome: 'refused' },
  },
  'a refusal of a script, with 401, that the page does not show': {
    first: sentByScript(''),
    answer: (to) => to.writeHead(401).end('{}'),
    outcome: { outcome: 'refused' },
  },
  'a lock that a script says': {
    first: sentByScript(`document.getElementById('said').textContent = text`),
    answer: (to) => to.writeHead(403).end('User is locked out.'),
    outcome: { outcome: 'demanded', state: 'account_locked' },
  },
  'a limit with 429 and a time': {
    first: form('sent'),
    answer: (to) => html(to, 429, '<p>Too many attempts. Try again in 20 minutes.</p>'),
    outcome: { outcome: 'demanded', state: 'too_many_logins', seconds: 1_200 },
  },
  'a countdown': {
    first: form('sent'),
    answer: (to) =>
      html(
        to,
        200,
        `<p id="n"></p>${form('sent')}<script>let n = 300; const say = () => { document.getElementById('n').textContent = 'Too many attempts. Try again in ' + n-- + ' seconds.' }; say(); setInterval(say, 100)</script>`,
      ),
    outcome: { outcome: 'demanded', state: 'too_many_logins' },
  },
  'a captcha': {
    first: form('sent'),
    answer: (to) =>
      html(to, 200, `${form('sent')}<p>Please confirm that you are human</p><div class="h-captcha">captcha</div>`),
    outcome: { outcome: 'demanded', state: 'captcha_wanted' },
  },
  'the account for a moment, and then a code': {
    first: form('sent'),
    answer: (to) =>
      html(
        to,
        200,
        `${home}<script>setTimeout(() => { document.body.innerHTML = '<p>Enter the code that we sent</p><input name="otp">' }, 700)</script>`,
        {
          'set-cookie': 'session=half; Path=/',
        },
      ),
    outcome: { outcome: 'demanded', state: 'second_factor_wanted' },
  },
  'a code in a shadow root': {
    first: form('sent'),
    answer: (to) => html(to, 200, shadow('<p>Enter the code from your authenticator app</p><input name="a">')),
    outcome: { outcome: 'demanded', state: 'second_factor_wanted' },
  },
  'a page that says that it stands in for another': {
    first: form('sent'),
    answer: (to) => html(to, 200, '<h1>Scheduled maintenance</h1><p>Online access is unavailable.</p>'),
    outcome: { outcome: 'failed', response: { status: 200, body: expect.stringContaining('Scheduled maintenance') } },
  },
  'an unknown user name, before the password': {
    first: form('next', '<input name="username">'),
    answer: (to) => html(to, 200, home),
    more: { next: `<p>We couldn’t find an account with that username</p>${form('next', '<input name="username">')}` },
    outcome: { outcome: 'refused' },
  },
};

let site: Site;
let browser: ChromiumBrowser;
const sent = new Map<string, number>();
const pathOf = (name: string) => `/${name.replaceAll(/[^a-z0-9]+/gi, '-')}`;

beforeAll(async () => {
  const pages: Record<string, string | ((request: IncomingMessage, response: ServerResponse) => void)> = {};
  for (const [name, { first, answer, more = {} }] of Object.entries({ ...cases, ...ends })) {
    const at = pathOf(name);
    pages[`${at}/`] = (_, response) => html(response, 200, first);
    pages[`${at}/sent`] = (_, response) => {
      sent.set(name, (sent.get(name) ?? 0) + 1);
      answer(response);
    };
    for (const [path, body] of Object.entries(more))
      pages[`${at}/${path}`] = (_, response) => html(response, 200, body);
  }
  site = await startSite(pages);
  browser = chromiumBrowser({ executable: process.env['QUOTRON_CHROMIUM'] });
});
afterAll(async () => {
  await browser.close();
  await site.close();
});

async function signIn(name: string) {
  const rules = { origins: [site.origin], allowPrivate: true, timeoutMs: 9_000, maxBytes: 2_000_000 };
  return browser.login(rules)({
    url: new URL(`${pathOf(name)}/`, site.origin),
    selectors: {
      username: 'input[name=username]',
      password: 'input[name=password]',
      submit: '#login button[type=submit]',
      signedIn: '#account',
      refused: '.login-error',
    },
    faces: [],
    secondFactor: null,
    username: 'demo',
    password: 'open-sesame',
    headers: {},
  });
}

describe('a login', () => {
  it.each(Object.keys(cases))('by %s lets in, with its cookie', { timeout: 90_000 }, async (name) => {
    const result = await signIn(name);
    expect(result).toMatchObject({ outcome: 'signed_in', storageState: expect.stringContaining('"session"') });
    expect(sent.get(name)).toBe(1);
  });

  it.each(Object.keys(ends))('that ends with %s', { timeout: 90_000 }, async (name) => {
    const result = await signIn(name);
    expect(result).toMatchObject(ends[name]?.outcome ?? {});
    expect(sent.get(name) ?? 0).toBeLessThanOrEqual(1);
  });
});
