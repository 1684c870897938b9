import { describe, expect, it } from 'vitest';
import { closedBreaker, nextBreaker } from '../../../../core/health/breaker.ts';
import { holdAfter } from '../../../../core/scraping/retry-after.ts';
import { transportFailure } from '../../../../core/sources/reading/http-failure.ts';
import { wallFaces } from '../../../../core/sources/reading/wall-faces.ts';
import { wallOf } from '../../../../core/sources/reading/walls.ts';
import { makersErrors, noWalls, page, type WallExample, wallsInOtherWords } from './wall-examples.ts';

/** Walls as their makers send them, by the name of the face. */
const walls: readonly (readonly [string, WallExample])[] = [
  ['cloudflare-challenge', { status: 403, headers: { 'cf-mitigated': 'challenge', server: 'cloudflare' }, body: '' }],
  [
    'cloudflare-challenge',
    {
      status: 403,
      body: page('Just a moment...', '<div class="main-wrapper"></div><script>window._cf_chl_opt={cvId:"3"};</script>'),
    },
  ],
  [
    'cloudflare-challenge',
    {
      status: 503,
      body: page('Attendez', '<table><tr><td><div class="cf-browser-verification"></div></td></tr></table>'),
    },
  ],
  ['cloudflare-challenge', { status: 200, body: page('Just a moment...', '<form id="challenge-form"></form>') }],
  [
    'cloudflare-block',
    {
      status: 403,
      body: page(
        'Attention Required! | Cloudflare',
        '<div id="cf-error-details"><h1>Sorry, you have been blocked</h1></div>',
      ),
    },
  ],
  [
    'cloudflare-turnstile',
    { status: 200, body: page('One more step', '<div class="cf-turnstile" data-sitekey="x"></div>') },
  ],
  [
    'aws-waf-captcha',
    { status: 405, headers: { 'x-amzn-waf-action': 'captcha' }, body: page('Human Verification', '') },
  ],
  ['aws-waf-captcha', { status: 405, body: page('Human Verification', '<div id="captcha-container"></div>') }],
  ['aws-waf-challenge', { status: 202, headers: { 'x-amzn-waf-action': 'challenge' }, body: '' }],
  [
    'aws-waf-challenge',
    {
      status: 202,
      body: page('', '<div id="challenge-container"></div>', '<script>window.awsWafCookieDomainList = [];</script>'),
    },
  ],
  [
    'datadome',
    {
      status: 403,
      headers: { 'x-datadome': 'protected', 'x-dd-b': '1' },
      body: page('site.example', `<script>var dd={'rt':'c','host':'geo.captcha-delivery.com'}</script>`),
    },
  ],
  [
    'datadome',
    {
      status: 200,
      body: page('site.example', '<iframe src="https://geo.captcha-delivery.com/captcha/?cid=A"></iframe>'),
    },
  ],
  ['datadome', { status: 200, body: '{"url": "https://geo.captcha-delivery.com/captcha/?initialCid=AHrl"}' }],
  [
    'datadome-check',
    { status: 200, body: page('site.example', `<script>var dd={'rt':'i','host':'geo.captcha-delivery.com'}</script>`) },
  ],
  ['perimeterx', { status: 200, body: page('Access to this page has been denied', '<div id="px-captcha"></div>') }],
  ['perimeterx', { status: 200, body: page('Robot or human?', '<p>Activate and hold the button</p>') }],
  ['perimeterx', { status: 200, body: '{"appId": "PXdemo", "jsClientSrc": "/x.js", "blockScript": "/y.js"}' }],
  ['akamai-challenge', { status: 428, body: '{"sec-cp-challenge": "true", "provider": "crypto"}' }],
  [
    'akamai-challenge',
    {
      status: 200,
      body: page('', '<noscript></noscript>', `<meta http-equiv="refresh" content="5; URL='/?bm-verify=AAQ'" />`),
    },
  ],
  [
    'akamai-block',
    {
      status: 200,
      body: page(
        'Access Denied',
        `<H1>Access Denied</H1>You don't have permission to access "http://site.example/" on this server.<P>Reference&#32;&#35;18.2`,
      ),
    },
  ],
  [
    'imperva',
    {
      status: 200,
      body: '<html><body><iframe id="main-iframe" src="/_Incapsula_Resource?SWUDNSAI=31">Request unsuccessful. Incapsula incident ID: 42</iframe></body></html>',
    },
  ],
  [
    'imperva',
    {
      status: 200,
      body: '<html><head><META NAME="robots" CONTENT="noindex"><script src="/_Incapsula_Resource?SWJIYLWA=5"></script></head><body></body></html>',
    },
  ],
  ['imperva', { status: 200, body: page('Pardon Our Interruption', '<h1>Pardon Our Interruption...</h1>') }],
  [
    'kasada',
    { status: 429, body: page('', '<script>window.KPSDK={};</script><script src="/149e/ips.js?x=1"></script>') },
  ],
  ['vercel', { status: 429, headers: { 'x-vercel-mitigated': 'challenge' }, body: '' }],
  ['sucuri', { status: 200, body: page('You are being redirected...', '<script>sucuri_cloudproxy_js="";</script>') }],
  ['sucuri-block', { status: 403, body: page('Sucuri WebSite Firewall - Access Denied', '<h1>Access Denied</h1>') }],
  [
    'ddos-guard',
    { status: 403, body: page('DDoS-Guard', '<script src="/.well-known/ddos-guard/js-challenge/index.js"></script>') },
  ],
  [
    'f5',
    {
      status: 200,
      body: page(
        'Request Rejected',
        'The requested URL was rejected. Please consult with your administrator.<br>Your support ID is: 1',
      ),
    },
  ],
  [
    'google',
    {
      status: 429,
      body: page(
        'https://www.google.com/search',
        'Our systems have detected unusual traffic from your computer network.<form id="captcha-form"></form>',
      ),
    },
  ],
  ['google', { status: 302, headers: { location: 'https://www.google.com/sorry/index?continue=x' }, body: '' }],
  [
    'hcaptcha',
    { status: 200, body: page('One more step', '<form><div class="h-captcha" data-sitekey="x"></div></form>') },
  ],
  [
    'recaptcha',
    { status: 200, body: page('Please wait', '<form><div class="g-recaptcha" data-sitekey="x"></div></form>') },
  ],
  ['geetest', { status: 200, body: page('Check', '<div class="geetest_holder"></div>') }],
  [
    'unnamed',
    {
      status: 200,
      body: page(
        'Bloomberg - Are you a robot?',
        '<p>Please make sure your browser supports JavaScript. To continue, let us know you’re not a robot.</p>',
      ),
    },
  ],
  ['unnamed', { status: 503, body: page('One moment', '<p>Checking your browser before accessing the site.</p>') }],
];

const answer = ({ status, headers = {}, body }: WallExample) => ({
  response: { status, headers, body, truncated: false },
  error: null,
});

const rows = (count: number) =>
  Array.from({ length: count }, (_, at) => `<tr><td>${at}</td><td>AAPL</td><td>7.05%</td><td>244.60</td></tr>`).join(
    '',
  );

/** What pages behind a wall embed although they are the pages. */
const embedded = [
  '<script src="https://www.google.com/recaptcha/api.js?render=key" async></script><div class="grecaptcha-badge"></div>',
  '<form><textarea></textarea><div class="g-recaptcha" data-sitekey="x"></div></form>',
  '<div class="h-captcha"></div>',
  '<script src="https://challenges.cloudflare.com/turnstile/v0/api.js"></script><div class="cf-turnstile"></div>',
  '<script>(function(){window.__CF$cv$params={r:"1"};})();</script><script src="/cdn-cgi/challenge-platform/scripts/jsd/main.js"></script>',
  '<script src="/_Incapsula_Resource?SWJIYLWA=719d34d31c8e3a6e6fffd425f7e032f3"></script>',
  '<script src="https://js.datadome.co/tags.js"></script>',
  '<script>window._pxAppId="PXdemo";</script><script src="//client.px-cloud.net/PXdemo/main.min.js"></script>',
  '<script src="/akam/13/5d1c0d1e" defer></script>',
  '<script src="https://abc.edge.sdk.awswaf.com/abc/challenge.js" defer></script>',
  '<p>Why do I have to complete a captcha? Just a moment... we only check your browser.</p>',
];

describe('walls', () => {
  it.each([...walls, ...wallsInOtherWords])('%s is blocked: %j', (name, example) => {
    expect(wallOf(answer(example).response)?.name).toBe(name);
    expect(transportFailure(answer(example))).toMatchObject({
      reason: 'blocked',
      detail: { code: 'bot_challenge', wall: name },
    });
  });

  it('has an example of each face', () => {
    expect([...new Set([...walls, ...wallsInOtherWords].map(([name]) => name))].sort()).toEqual(
      wallFaces.map(({ name }) => name).sort(),
    );
  });

  it.each(embedded)('is none where the page has its table, with %s', (piece) => {
    for (const count of [2, 30, 503]) {
      const body = page('Holdings', `<h1>Holdings</h1><table><tbody>${rows(count)}</tbody></table>${piece}`, piece);
      expect(transportFailure(answer({ status: 200, body }))).toBeNull();
    }
  });

  it.each(embedded)('is none where a page says much without a table, with %s', (piece) => {
    const body = page('A story', `<p>${'It was a day of many trades. '.repeat(200)}</p>${piece}`, piece);
    expect(transportFailure(answer({ status: 200, body }))).toBeNull();
  });

  it('is none where the headers only say who protects the page', () => {
    const headers = {
      'x-datadome': 'protected',
      server: 'cloudflare',
      'cf-ray': '1',
      'x-iinfo': '1',
      'x-cdn': 'Imperva',
    };
    expect(
      transportFailure(answer({ status: 200, headers, body: page('Holdings', 'Holdings of the index') })),
    ).toBeNull();
  });

  it('is none on a form for a login, which may have its own', () => {
    const body = page(
      'Sign in',
      '<form><input name="u"><input type="password" name="p"><div class="g-recaptcha"></div></form>',
    );
    expect(transportFailure(answer({ status: 200, body }))).toBeNull();
  });

  it('is none on a page that is not there, or broken, with a widget', () => {
    const body = page('Page not found', '<form>Tell us<div class="g-recaptcha"></div></form>');
    expect(transportFailure(answer({ status: 404, body }))?.reason).toBe('not_found');
    expect(transportFailure(answer({ status: 500, body }))?.reason).toBe('down');
  });

  it.each(Object.keys(noWalls))('is none on a page with %s', (name) => {
    expect(transportFailure(answer({ status: 200, body: noWalls[name] ?? '' }))).toBeNull();
  });

  it.each(makersErrors)('is none, but %s, where its maker speaks of the server behind it: %j', (reason, example) => {
    expect(transportFailure(answer(example))?.reason).toBe(reason);
  });

  it('is none in data that name one', () => {
    const body = JSON.stringify({ news: [{ title: 'Just a moment...', link: 'https://geo.captcha-delivery.com/x' }] });
    expect(transportFailure(answer({ status: 200, body }))).toBeNull();
  });

  it('counts as a failure for the breaker, which opens after three', () => {
    const end = { ok: false, reason: 'blocked', trial: false, attempt: 1 } as const;
    const after = [1, 2, 3].reduce((state) => nextBreaker(state, end, 0, () => 0.5), closedBreaker);
    expect(after.state).toBe('open');
  });

  it('holds the source for as long as it asks, whatever the status', () => {
    for (const status of [200, 202, 403, 405, 503]) {
      const walled = answer({ status, headers: { 'retry-after': '90', 'x-amzn-waf-action': 'captcha' }, body: '' });
      expect(holdAfter(walled, transportFailure(walled), 0)).toBe(90);
    }
  });
});

describe('what else stands in place of an answer', () => {
  it.each([
    'Too Many Requests',
    'Edge: Too Many Requests',
    '<html><head></head><body><pre>Too Many Requests\r\n</pre></body></html>',
  ])('a limit inside a 200: %s', (body) => {
    expect(transportFailure(answer({ status: 200, body }))).toMatchObject({
      reason: 'rate_limited',
      detail: { code: 'rate_limit_notice' },
    });
  });

  it('a form for consent: a new session gives it', () => {
    const body = page(
      'Yahoo',
      '<form class="consent-form" action="/v2/collectConsent?x"><button name="agree">OK</button></form>',
    );
    expect(transportFailure(answer({ status: 200, body }))).toMatchObject({
      reason: 'auth_expired',
      detail: { code: 'consent_page' },
    });
  });

  it.each<Record<string, string>>([
    { 'content-disposition': 'attachment; filename="x.csv"', 'content-type': 'text/csv' },
    { 'content-disposition': 'ATTACHMENT' },
    { 'content-type': 'application/octet-stream' },
    { 'content-type': 'application/pdf' },
    { 'content-type': 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet' },
    { 'content-type': 'image/png' },
  ])('a file to be saved: %j', (headers) => {
    expect(transportFailure(answer({ status: 200, headers, body: 'PK\u0003\u0004' }))).toMatchObject({
      reason: 'schema_drift',
      detail: { code: 'download' },
    });
  });

  it.each<[Record<string, string>, string]>([
    [{ 'content-disposition': 'attachment; filename="f.txt"', 'content-type': 'application/json' }, '{"a":1}'],
    [{ 'content-type': 'application/octet-stream' }, '[1]'],
    [{ 'content-type': 'application/vnd.api+json' }, '{}'],
    [{ 'content-type': 'application/x-javascript' }, '{}'],
    [{ 'content-type': 'application/xhtml+xml' }, '<html></html>'],
  ])('data are read whatever their headers call them: %j', (headers, body) => {
    expect(transportFailure(answer({ status: 200, headers, body }))).toBeNull();
  });
});
