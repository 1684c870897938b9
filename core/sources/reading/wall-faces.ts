/**
 * What bot walls look like: the makers' own headers, names and texts, as they have been seen. To know another one, add it here
 * and to the test beside it.
 */
export interface WallFace {
  readonly name: string;
  /** The challenge is passed by a browser that runs its script and waits, with nothing solved by anybody. */
  readonly passes?: true;
  /** Headers that say it by themselves, whatever the body: the value has one of the texts, in small letters. */
  readonly headers?: readonly (readonly [name: string, texts: readonly string[]])[];
  /** Names in the markup of the wall itself, which a page that is only protected by it does not have. */
  readonly marks?: readonly string[];
  /** The box of a captcha, which ordinary pages have as well, in a form for comments, say: a wall where there is little else. */
  readonly widgets?: readonly string[];
  /** A script that every page behind the wall has as well: the wall only where the page says nothing. */
  readonly bare?: readonly string[];
  /** Beginnings of the title of the page, in small letters. */
  readonly titles?: readonly string[];
  /** Pieces of what the page says, in small letters. */
  readonly texts?: readonly string[];
  /** Beginnings of a JSON answer. */
  readonly json?: readonly string[];
}

/** The more telling ones first: the first that matches names the wall. */
export const wallFaces: readonly WallFace[] = [
  {
    name: 'cloudflare-block',
    marks: ['cf-error-details'],
    titles: ['attention required! | cloudflare'],
  },
  {
    name: 'cloudflare-challenge',
    passes: true,
    headers: [['cf-mitigated', ['challenge']]],
    marks: [
      '_cf_chl_opt',
      'cf_chl_prog',
      'cf-browser-verification',
      'id="challenge-form"',
      'id="challenge-running"',
      'id="cf-challenge-running"',
      '/orchestrate/chl_page',
      '/orchestrate/managed',
    ],
    titles: ['just a moment...', 'checking your browser before accessing'],
  },
  { name: 'cloudflare-turnstile', widgets: ['class="cf-turnstile'] },
  {
    name: 'aws-waf-captcha',
    headers: [['x-amzn-waf-action', ['captcha']]],
    marks: ['awsWafCaptcha', 'AwsWafCaptcha'],
    titles: ['human verification'],
  },
  {
    name: 'aws-waf-challenge',
    passes: true,
    headers: [['x-amzn-waf-action', ['challenge']]],
    marks: ['awsWafCookieDomainList', 'AwsWafIntegration', 'window.gokuProps'],
  },
  { name: 'datadome-check', passes: true, marks: ["'rt':'i'", '"rt":"i"'] },
  {
    name: 'datadome',
    headers: [['x-dd-b', ['']]],
    marks: ['captcha-delivery.com/'],
    json: ['{"url":"https://geo.captcha-delivery.com/'],
  },
  {
    name: 'perimeterx',
    marks: ['px-captcha', 'captcha.px-cdn.net', 'captcha.px-cloud.net', '_pxBlockScript'],
    titles: ['access to this page has been denied', 'robot or human?'],
    json: ['{"appId":"PX'],
  },
  {
    name: 'akamai-challenge',
    passes: true,
    marks: ['/_sec/cp_challenge/', 'sec-if-cpt-container', 'bm-verify='],
    json: ['{"sec-cp-challenge"'],
  },
  {
    name: 'akamai-block',
    marks: ['errors.edgesuite.net'],
    texts: ["you don't have permission to access"],
  },
  {
    name: 'imperva',
    passes: true,
    marks: ['id="main-iframe" src="/_Incapsula_Resource?'],
    bare: ['/_Incapsula_Resource?'],
    titles: ['pardon our interruption'],
    texts: ['incapsula incident id'],
  },
  { name: 'kasada', bare: ['window.KPSDK', '/ips.js?'] },
  {
    name: 'vercel',
    passes: true,
    headers: [['x-vercel-mitigated', ['challenge']]],
    titles: ['vercel security checkpoint'],
  },
  { name: 'sucuri', passes: true, marks: ['sucuri_cloudproxy_js'] },
  { name: 'sucuri-block', titles: ['sucuri website firewall - access denied'] },
  { name: 'ddos-guard', passes: true, marks: ['/.well-known/ddos-guard/'], titles: ['ddos-guard'] },
  { name: 'f5', texts: ['the requested url was rejected. please consult with your administrator'] },
  {
    name: 'google',
    headers: [['location', ['/sorry/index', 'google.com/sorry']]],
    marks: ['id="captcha-form"'],
    texts: ['unusual traffic from your computer network'],
  },
  { name: 'hcaptcha', widgets: ['class="h-captcha'] },
  { name: 'recaptcha', widgets: ['class="g-recaptcha"', "class='g-recaptcha'"] },
  { name: 'geetest', widgets: ['class="geetest_'] },
  {
    name: 'unnamed',
    titles: ['are you a robot', 'bot verification', 'security checkpoint', 'verify you are human', 'captcha'],
    texts: [
      'verify you are human',
      'verify that you are human',
      'verify you are a human',
      'verifying you are human',
      'confirm you are human',
      'confirm that you are human',
      'prove you are human',
      'you are not a robot',
      "you're not a robot",
      'we just need to make sure you are not a bot',
      'checking your browser before accessing',
      'checking if the site connection is secure',
    ],
  },
];

/** Pages that ask for consent to cookies in place of what was asked for: a new session gives it. */
export const consentMarks: readonly string[] = ['collectConsent', 'class="consent-form'];

/** What a limiter says in place of everything, in small letters, without an HTTP status that says it. */
export const limitTexts: readonly string[] = ['too many requests', 'edge: too many requests', 'rate limit exceeded'];
