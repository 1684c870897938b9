/**
 * What the simulated sources answer in place of themselves: bot walls, maintenance, and files to be saved. The walls are those
 * of real makers, shortened.
 */
import { type Answer, html, json } from './answer.ts';

const noStore = { 'cache-control': 'no-store' } as const;

/** Captchas, as `face` counts them: each with the status and headers that its maker sends. */
const captchas: readonly Answer[] = [
  html(
    405,
    `<!DOCTYPE html><html lang="en"><head><title>Human Verification</title>
<script>var awsWafCaptchaApiKey = ""; window.awsWafCookieDomainList = [];</script></head>
<body><div id="captcha-container"></div><noscript>JavaScript is disabled. Verify that you are not a robot by enabling it.</noscript></body></html>`,
    { ...noStore, 'x-amzn-waf-action': 'captcha' },
  ),
  html(
    200,
    `<!DOCTYPE html><html><head><title>One more step</title></head><body><h1>One more step</h1>
<form method="post"><div class="h-captcha" data-sitekey="10000000"></div><p>Please complete the check to go on.</p></form></body></html>`,
    noStore,
  ),
  html(
    403,
    `<html lang="en"><head><title>demo</title></head><body><p id="cmsg">Please enable JS and disable any ad blocker</p>
<script>var dd={'rt':'c','cid':'A','host':'geo.captcha-delivery.com'}</script><script src="https://ct.captcha-delivery.com/c.js"></script></body></html>`,
    { ...noStore, 'x-datadome': 'protected', 'x-dd-b': '1' },
  ),
  html(
    200,
    `<!DOCTYPE html><html><head><title>Access to this page has been denied</title></head>
<body><div id="px-captcha"></div><p>Press and hold to confirm you are a human and not a bot.</p></body></html>`,
    noStore,
  ),
  json(200, { appId: 'PXdemo', jsClientSrc: '/demo/init.js', blockScript: '/demo/captcha.js' }, noStore),
];

/** A captcha in one of its faces. */
export function captcha(face: number): Answer {
  return captchas[face % captchas.length] ?? html(403, '');
}

/** The cookie of a browser that has passed the challenge. */
const passed = 'sim_waf_token=passed';

/**
 * A challenge that a browser passes by running its script and waiting, where `passesAfterMs` says so, and never otherwise.
 * Gives `null` to one that has passed.
 */
export function challenge(cookie: string | undefined, passesAfterMs: number | undefined): Answer | null {
  if (cookie?.split(/;\s*/).includes(passed)) return null;
  const script =
    passesAfterMs === undefined
      ? ''
      : `setTimeout(() => { document.cookie = '${passed}; path=/'; location.reload(); }, ${passesAfterMs});`;
  return html(
    202,
    `<!DOCTYPE html><html lang="en"><head><title></title><script>window.awsWafCookieDomainList = []; window.gokuProps = {};</script></head>
<body><div id="challenge-container"></div><script>${script}</script><noscript>JavaScript is disabled.</noscript></body></html>`,
    { ...noStore, 'x-amzn-waf-action': 'challenge' },
  );
}

/** A page that says that everything is away for a while: often with 200. */
export function maintenance(status: number): Answer {
  return html(
    status,
    `<!DOCTYPE html><html lang="en"><head><title>We'll be right back</title></head>
<body><h1>Scheduled maintenance</h1><p>We are making some improvements and will be back soon.</p></body></html>`,
    noStore,
  );
}

/** A file in place of what was asked for. */
export function download(): Answer {
  return {
    status: 200,
    headers: { 'content-type': 'application/octet-stream', 'content-disposition': 'attachment; filename="export.bin"' },
    body: 'PK\u0003\u0004 an archive',
  };
}
