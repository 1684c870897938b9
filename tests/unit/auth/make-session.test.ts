import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { makeSession } from '../../../core/auth/make-session.ts';
import { filledFields, readForms } from '../../../core/auth/read-form.ts';
import type { UpstreamAnswer, UpstreamCall } from '../../../core/ports/upstream.ts';
import { sourceAddress } from '../../../core/sources/address.ts';
import type { FormLoginStrategy, SessionStrategy, SourceDefinition } from '../../../core/sources/definition.ts';
import { yahoo } from '../../../core/sources/yahoo/source.ts';
import { anyCharacter } from '../../support/any-character.ts';
import { recording, recordingsExist } from '../../support/recordings.ts';

interface Page {
  readonly status?: number;
  readonly body?: string;
  readonly location?: string;
  readonly cookies?: readonly string[];
}

/** A world of pages by `METHOD url`. What it does not have is a 404. Keeps what was asked. */
function worldOf(pages: Readonly<Record<string, Page | ((call: UpstreamCall) => Page)>>) {
  const asked: { method: string; url: string; cookie: string; body: string }[] = [];
  const call = async (made: UpstreamCall): Promise<UpstreamAnswer> => {
    expect(made.redirect).toBe('manual');
    const { method, url } = made;
    asked.push({ method, url: url.href, cookie: made.headers['cookie'] ?? '', body: made.body ?? '' });
    const found = pages[`${method} ${url.origin}${url.pathname}`] ?? { status: 404 };
    const page = typeof found === 'function' ? found(made) : found;
    return {
      response: {
        status: page.status ?? (page.location === undefined ? 200 : 302),
        headers: page.location === undefined ? {} : { location: page.location },
        body: page.body ?? '',
        truncated: false,
      },
      error: null,
      setCookies: page.cookies ?? [],
      url,
      latencyMs: 1,
    };
  };
  return { asked, call };
}

const making = (source: SourceDefinition, call: ReturnType<typeof worldOf>['call'], credentials: unknown = null) => ({
  address: sourceAddress(source, {}),
  call,
  headers: { 'user-agent': 'test' },
  credentials: async () => (credentials === null ? null : JSON.stringify(credentials)),
  now: () => Date.UTC(2026, 10, 22),
});
const withSession = (session: SessionStrategy): SourceDefinition => ({
  ...yahoo,
  session,
  origins: ['https://broker.example'],
});

describe('cookie and crumb', () => {
  const strategy = yahoo.session;
  if (strategy === null) throw new Error('yahoo has no session');
  const crumbUrl = 'https://query1.finance.yahoo.com/v1/test/getcrumb';
  const a3 = 'A3=d=cookie-of-the-session; Max-Age=31536000; Domain=.yahoo.com; Path=/; SameSite=None; Secure; HttpOnly';
  const make = (pages: Parameters<typeof worldOf>[0]) => {
    const world = worldOf(pages);
    return { ...world, session: makeSession(strategy, making(yahoo, world.call)) };
  };

  it('takes the cookies of a 404 and the crumb that belongs to them: two requests', async () => {
    const { session, asked } = make({
      'GET https://fc.yahoo.com/': { status: 404, cookies: [a3] },
      [`GET ${crumbUrl}`]: { body: 'haT3oykhHqZ' },
    });
    expect(await session).toEqual({
      headers: { cookie: 'A3=d=cookie-of-the-session' },
      query: { crumb: 'haT3oykhHqZ' },
      storageState: null,
      expiresAt: '2026-11-22T12:00:00.000Z',
    });
    expect(asked).toHaveLength(2);
  });

  it.each([
    ['Too Many Requests', 'rate_limited'],
    ['<html>a page</html>', 'auth_expired'],
    ['', 'auth_expired'],
  ])('does not take %j for a crumb', async (body, reason) => {
    const { session } = make({
      'GET https://fc.yahoo.com/': { status: 404, cookies: [a3] },
      'GET https://finance.yahoo.com/quote/AAPL': { cookies: [a3] },
      [`GET ${crumbUrl}`]: { body },
    });
    expect(await session).toMatchObject({ reason });
  });

  it('tries the ordinary page when the first one sets no cookies', async () => {
    const { session } = make({
      'GET https://finance.yahoo.com/quote/AAPL': { cookies: [a3] },
      [`GET ${crumbUrl}`]: { body: 'haT3oykhHqZ' },
    });
    expect(await session).toMatchObject({ query: { crumb: 'haT3oykhHqZ' } });
  });

  it('goes nowhere but to the source and its consent, however it is sent', async () => {
    const { session, asked } = make({
      'GET https://fc.yahoo.com/': { location: 'https://evil.example/consent' },
      'GET https://evil.example/consent': { cookies: [a3] },
    });
    expect(await session).toMatchObject({ reason: 'auth_expired' });
    expect(asked.map(({ url }) => url)).toEqual(['https://fc.yahoo.com/']);
  });

  it('ends when it is sent round in circles', async () => {
    const { session, asked } = make({ 'GET https://fc.yahoo.com/': { location: 'https://fc.yahoo.com/' } });
    expect(await session).toMatchObject({ reason: 'auth_expired', message: expect.stringContaining('redirects') });
    expect(asked.length).toBeLessThan(12);
  });

  it('gives the reason of a source that is down or limits, and walks no further', async () => {
    for (const [status, reason] of [
      [503, 'down'],
      [429, 'rate_limited'],
      [403, 'blocked'],
    ] as const) {
      const { session, asked } = make({ 'GET https://fc.yahoo.com/': { status } });
      expect(await session).toMatchObject({ reason });
      expect(asked).toHaveLength(1);
    }
  });

  describe.runIf(recordingsExist)('as it was recorded in Europe', () => {
    const recorded = (name: string): Page => {
      const { status, headers, body } = recording(`yahoo/getCrumb-${name}.json`);
      const cookies = (headers['set-cookie'] ?? '').split(/, (?=[A-Za-z0-9]+=)/).filter(Boolean);
      return { status, body, cookies, ...(headers['location'] ? { location: headers['location'] } : {}) };
    };
    const pages = {
      'GET https://finance.yahoo.com/quote/AAPL': recorded('quote-AAPL.json'),
      'GET https://guce.yahoo.com/consent': recorded('quote-AAPL-consent.html'),
      'GET https://consent.yahoo.com/v2/collectConsent': recorded('quote-AAPL-collectConsent.html'),
      'POST https://consent.yahoo.com/v2/collectConsent': recorded('quote-AAPL-collectConsentSubmit'),
      'GET https://guce.yahoo.com/copyConsent': recorded('quote-AAPL-copyConsent'),
      [`GET ${crumbUrl}`]: recorded('getcrumb'),
    };

    it('presses "agree" with the hidden fields of the page, and gets the crumb with the consented cookies', async () => {
      let visits = 0;
      const { session, asked } = make({
        ...pages,
        'GET https://finance.yahoo.com/quote/AAPL': () =>
          visits++ === 0 ? recorded('quote-AAPL.json') : { status: 301, body: 'consent is given' },
      });
      const made = await session;
      expect(made).toMatchObject({ query: { crumb: 'haT3oykhHqZ' } });
      const post = asked.find(({ method }) => method === 'POST');
      const form = new URLSearchParams(post?.body);
      const recordedBody = new URLSearchParams(
        'csrfToken=GoNrer0&sessionId=3_cc-session_dcf322f7-c2b7-4e77-9e32-36143f8f7c5d&originalDoneUrl=https%3A%2F%2Ffinance.yahoo.com%2Fquote%2FAAPL%3Fguccounter%3D1&namespace=yahoo&agree=agree',
      );
      expect(Object.fromEntries(form)).toEqual(Object.fromEntries(recordedBody));
      expect(post?.cookie).toContain('GUCS=');
      const crumb = asked.at(-1);
      expect(crumb?.url).toBe(crumbUrl);
      expect(crumb?.cookie).toMatch(/(^|; )A3=d=/);
    });
  });
});

describe('API key', () => {
  const strategy = { strategy: 'api-key', in: 'header', name: 'x-key', lifeSeconds: 60 } as const;
  const { call } = worldOf({});

  it('goes on each request as the source wants it, without asking anything', async () => {
    const made = await makeSession(strategy, making(withSession(strategy), call, { apiKey: 'the-key' }));
    expect(made).toMatchObject({ headers: { 'x-key': 'the-key' }, query: {}, expiresAt: '2026-11-22T00:01:00.000Z' });
    const query = { ...strategy, in: 'query' } as const;
    expect(await makeSession(query, making(withSession(query), call, { apiKey: 'the-key' }))).toMatchObject({
      headers: {},
      query: { 'x-key': 'the-key' },
    });
  });

  it.each([null, {}, { apiKey: '' }, { apiKey: 'a\nb' }, { key: 'x' }, 'text'])('%j is no credential', async (held) => {
    expect(await makeSession(strategy, making(withSession(strategy), call, held))).toEqual({
      reason: 'auth_expired',
      detail: { code: 'credentials_unset' },
      message: 'No credentials are set for this source.',
    });
  });
});

describe('form login over HTTP', () => {
  const strategy: FormLoginStrategy = {
    strategy: 'form-login',
    loginUrl: 'https://broker.example/login',
    fields: { username: 'user', password: 'pass' },
    sessionCookie: 'sid',
    lifeSeconds: 600,
  };
  const held = { username: 'ann', password: 'p&ss="word"' };
  const page = {
    body: `<form method=post action="/login?next=%2F&amp;x=1"><input type=hidden name=csrf value="t&quot;k"><input name="user"><input type="password" name="pass"><button name="go">In</button></form>`,
    cookies: ['sid=anonymous; Path=/'],
  };
  const make = (pages: Parameters<typeof worldOf>[0], credentials: unknown = held) => {
    const world = worldOf({ 'GET https://broker.example/login': page, ...pages });
    return { ...world, session: makeSession(strategy, making(withSession(strategy), world.call, credentials)) };
  };

  it('sends user name, password and the hidden fields, follows, and takes the cookies', async () => {
    const { session, asked } = make({
      'POST https://broker.example/login': {
        status: 303,
        location: '/home',
        cookies: ['sid=signed-in; Path=/; HttpOnly'],
      },
      'GET https://broker.example/home': { cookies: ['theme=dark; Path=/'] },
    });
    expect(await session).toMatchObject({ headers: { cookie: 'sid=signed-in; theme=dark' } });
    expect(Object.fromEntries(new URLSearchParams(asked[1]?.body))).toEqual({
      csrf: 't"k',
      user: 'ann',
      pass: 'p&ss="word"',
    });
    expect(asked[1]).toMatchObject({ url: 'https://broker.example/login?next=%2F&x=1', cookie: 'sid=anonymous' });
  });

  it.each([
    ['the form again', { 'POST https://broker.example/login': page }, 'auth_expired'],
    ['a 401', { 'POST https://broker.example/login': { status: 401 } }, 'auth_expired'],
    ['a page that is down', { 'POST https://broker.example/login': { status: 502 } }, 'down'],
    ['a form without its fields', { 'GET https://broker.example/login': { body: '<form></form>' } }, 'schema_drift'],
    [
      'a form that sends elsewhere',
      { 'GET https://broker.example/login': { body: page.body.replace('/login', 'https://evil.example/') } },
      'auth_expired',
    ],
  ])('%s is a failure that names no secret', async (_name, pages, reason) => {
    const { session, asked } = make(pages);
    const failure = await session;
    expect(failure).toMatchObject({ reason });
    expect(JSON.stringify(failure)).not.toMatch(/ann|p&ss/);
    expect(asked.every(({ url }) => url.startsWith('https://broker.example/'))).toBe(true);
  });

  it('without credentials asks nothing', async () => {
    const { session, asked } = make({}, {});
    expect(await session).toMatchObject({ reason: 'auth_expired' });
    expect(asked).toEqual([]);
  });
});

describe('reading forms', () => {
  it('is total: any text gives a list', () => {
    const markup = fc.array(
      fc.constantFrom(
        '<form',
        '</form>',
        '<input',
        ' name=',
        '"a"',
        "'b'",
        '>',
        ' type=hidden',
        ' value=',
        '&amp;',
        '&#0;',
        '&#x110000;',
        '<!--',
        '-->',
        '<button',
        'x',
      ),
      { maxLength: 40 },
    );
    fc.assert(
      fc.property(
        fc.oneof(
          markup.map((parts) => parts.join('')),
          fc.string({ unit: anyCharacter }),
        ),
        (text) => {
          for (const form of readForms(text)) filledFields(form);
        },
      ),
    );
  });

  it('takes no time that grows beyond the page', () => {
    const started = performance.now();
    readForms('<form '.repeat(100_000));
    readForms(`<form>${'<input '.repeat(100_000)}`);
    readForms('<!--'.repeat(100_000));
    expect(performance.now() - started).toBeLessThan(5_000);
  });

  it('sends what a browser would without anybody typing', () => {
    const [form] =
      readForms(`<FORM ACTION='/x'><input type=checkbox name=c><input name=t value=1><input type=submit name=s>
      <button name=b>B</button><input type="hidden" name="h" value="&lt;&#65;&#x42;"></FORM>`);
    expect(form && filledFields(form)).toEqual([
      ['t', '1'],
      ['h', '<AB'],
    ]);
  });
});
