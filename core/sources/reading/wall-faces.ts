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
  /**
   * The box of a captcha, which ordinary pages have as well, in a form for comments, say: a wall where there is little else.
   * Words of its `class` or `id`, in small letters.
   */
  readonly widgets?: readonly string[];
  /** The same in a frame: pieces of its address. */
  readonly frames?: readonly string[];
  /** A script that every page behind the wall has as well: the wall only where the page says nothing. */
  readonly bare?: readonly string[];
  /** Beginnings of the title or the first heading of the page, in small letters. */
  readonly titles?: readonly string[];
  /** Statuses with which the same markup says that the server behind is broken, or that there were too many requests. */
  readonly notWith?: readonly number[];
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
    // Its page for a server that does not answer, and for too many requests, is made alike.
    notWith: [429, 500, 502, 504, 520, 521, 522, 523, 524, 525, 526, 527, 530],
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
    texts: ['needs to review the security of your connection'],
  },
  {
    name: 'cloudflare-turnstile',
    widgets: ['cf-turnstile'],
    frames: ['challenges.cloudflare.com/'],
    bare: ['challenges.cloudflare.com/turnstile/'],
  },
  {
    name: 'aws-waf-captcha',
    headers: [['x-amzn-waf-action', ['captcha']]],
    marks: ['awsWafCaptcha', 'AwsWafCaptcha'],
    bare: ['.captcha.awswaf.com/', '/captcha.js"', 'id="captcha-container"'],
  },
  {
    name: 'aws-waf-challenge',
    passes: true,
    headers: [['x-amzn-waf-action', ['challenge']]],
    marks: ['awsWafCookieDomainList', 'window.gokuProps'],
    bare: ['AwsWafIntegration', '.sdk.awswaf.com/'],
  },
  { name: 'datadome-check', passes: true, marks: ["'rt':'i'", '"rt":"i"'] },
  {
    name: 'datadome',
    headers: [['x-dd-b', ['']]],
    marks: ['captcha-delivery.com/'],
    texts: ['please enable js and disable any ad blocker'],
    json: ['{"url":"https://geo.captcha-delivery.com/'],
  },
  {
    name: 'perimeterx',
    marks: ['px-captcha', 'captcha.px-cdn.net', 'captcha.px-cloud.net', '_pxBlockScript'],
    titles: ['access to this page has been denied', 'robot or human?'],
    texts: ['press & hold to confirm you are', 'press and hold to confirm you are', 'press & hold the button'],
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
    frames: ['/_Incapsula_Resource?'],
    titles: ['pardon our interruption'],
    texts: ['incapsula incident id', 'access denied by imperva'],
  },
  { name: 'kasada', headers: [['x-kpsdk-ct', ['']]], bare: ['window.KPSDK', '/ips.js?'] },
  {
    name: 'vercel',
    passes: true,
    headers: [['x-vercel-mitigated', ['challenge']]],
    titles: ['vercel security checkpoint'],
  },
  { name: 'sucuri', passes: true, marks: ['sucuri_cloudproxy_js'] },
  { name: 'sucuri-block', titles: ['sucuri website firewall - access denied'] },
  { name: 'ddos-guard', passes: true, marks: ['/.well-known/ddos-guard/'], titles: ['ddos-guard'] },
  {
    name: 'f5',
    marks: ['window["bobcmn"]'],
    bare: ['/TSPD/'],
    texts: ['the requested url was rejected. please consult with your administrator'],
  },
  { name: 'barracuda', titles: ['web application firewall'], texts: ['web application firewall'] },
  { name: 'fortiweb', titles: ['web page blocked'], texts: ['web page blocked'] },
  { name: 'fastly', passes: true, titles: ['client challenge'], bare: ['/_fs-ch-'] },
  { name: 'anubis', passes: true, marks: ['id="anubis_challenge"', 'id="anubis_version"'] },
  { name: 'qrator', passes: true, bare: ['/__qrator/'] },
  { name: 'reblaze', passes: true, marks: ['window.rbzns', 'rbzreqid'] },
  { name: 'radware', titles: ['radware captcha page', 'radware bot manager'], bare: ['perfdrive.com/'] },
  {
    name: 'wordfence',
    titles: ['your access to this site has been limited', 'your access to this service has been limited'],
    texts: ['your access to this site has been limited by the site owner'],
  },
  { name: 'bunny', passes: true, titles: ['establishing a secure connection'], bare: ['/.bunny-shield/'] },
  {
    name: 'google',
    headers: [['location', ['/sorry/index', 'google.com/sorry']]],
    marks: ['id="captcha-form"'],
    texts: ['unusual traffic from your computer network'],
  },
  { name: 'amazon', texts: ['enter the characters you see below'] },
  { name: 'hcaptcha', widgets: ['h-captcha'], frames: ['hcaptcha.com/'] },
  {
    name: 'recaptcha',
    widgets: ['g-recaptcha'],
    frames: ['google.com/recaptcha/', 'recaptcha.net/recaptcha/'],
  },
  { name: 'geetest', widgets: ['geetest_holder', 'geetest_captcha', 'geetest_panel', 'geetest_btn'] },
  { name: 'arkose', widgets: ['funcaptcha', 'arkose'], frames: ['arkoselabs.com/', 'funcaptcha.com/'] },
  { name: 'friendly-captcha', widgets: ['frc-captcha'], frames: ['frcapi.com/'] },
  { name: 'mtcaptcha', widgets: ['mtcaptcha'], frames: ['mtcaptcha.com/'] },
  { name: 'altcha', bare: ['<altcha-widget'] },
  { name: 'yandex', widgets: ['smart-captcha', 'checkboxcaptcha'], frames: ['smartcaptcha.yandexcloud.net/'] },
  {
    name: 'vpn',
    titles: [
      'vpn detected',
      'proxy detected',
      'vpn or proxy detected',
      'vpn/proxy detected',
      'anonymous proxy detected',
    ],
    texts: [
      'disable your vpn',
      'turn off your vpn',
      'switch off your vpn',
      'disable any vpn',
      'turn off any vpn',
      'disable your proxy',
      'disable the vpn',
      'turn off the vpn',
      'disable vpn',
      'using a vpn or proxy',
      'using a vpn or a proxy',
      'using a proxy or vpn',
      'using a proxy or a vpn',
      'using an unblocker or proxy',
      'appear to be using a vpn',
      'appears you are using a vpn',
      'seem to be using a vpn',
      "that you're using a vpn",
      'that you are using a vpn',
      'vpn or proxy detected',
      'vpn detected',
      'proxy detected',
      'anonymizing service',
      'anonymous proxy',
      'from a data center or vpn',
      'vpn connections are not allowed',
      'access via vpn',
      'access from vpn',
      'vpn verbindung',
      'vpn-verbindung',
      'schalten sie ihr vpn',
      'désactivez votre vpn',
      'désactiver votre vpn',
      'desactive su vpn',
      'desactiva tu vpn',
      'vpnを',
      'vpn接続',
    ],
  },
  {
    name: 'unnamed',
    titles: [
      'are you a robot',
      'are you human',
      'are you not a robot',
      'bot verification',
      'human verification',
      'security checkpoint',
      'security check',
      'security verification',
      'verify you are human',
      "making sure you're not a bot",
      'captcha',
    ],
    texts: [
      'verify you are human',
      "verify you're human",
      'verify that you are human',
      'verify you are a human',
      'verify that you are a human',
      'verifying you are human',
      'confirm you are human',
      'confirm you are a human',
      'confirm that you are human',
      'prove you are human',
      'prove you are a human',
      'prove that you are human',
      'prove that you are a human',
      'you are not a robot',
      "you're not a robot",
      'you are not a bot',
      "you're not a bot",
      'made us think you were a bot',
      'made us think you might be a bot',
      'made us think that you are a bot',
      'checking your browser before accessing',
      'checking if the site connection is secure',
      'complete the security check to',
      'complete the captcha to',
      'enable javascript and cookies to continue',
      'detected unusual activity from your',
      'detected unusual traffic from your',
      'unusual activity from your computer',
      'your ip address has been blocked',
      'your ip has been blocked',
      'your ip has been temporarily blocked',
      'your ip address has been temporarily blocked',
      'sorry, you have been blocked',
      'you have been blocked from accessing',
      'request has been identified as automated',
      'your request looks automated',
      'automated access to this',
      'dass sie kein roboter sind',
      'dass du kein roboter bist',
      "que vous n'êtes pas un robot",
      'que no eres un robot',
      'que no es un robot',
      'di non essere un robot',
      'que você não é um robô',
    ],
  },
  {
    name: 'script-wanted',
    titles: ['javascript required', 'javascript is required', 'javascript is disabled', 'enable javascript'],
    texts: [
      'please enable javascript',
      'please turn on javascript',
      'please turn javascript on',
      'please activate javascript',
      'enable javascript to continue',
      'enable javascript to view',
      'enable javascript to access',
      'enable javascript in your',
      'enable javascript to run this',
      'turn on javascript to',
      'turn javascript on to',
      'javascript must be enabled',
      'javascript needs to be enabled',
      'javascript has to be enabled',
      'javascript is required',
      'requires javascript',
      'javascript is disabled',
      'javascript is turned off',
      'javascript is not enabled',
      "javascript isn't enabled",
      'not support javascript',
      'bitte aktivieren sie javascript',
      'bitte javascript aktivieren',
      'javascript aktivieren',
      'javascript ist deaktiviert',
      'veuillez activer javascript',
      'activer javascript',
      'habilite javascript',
      'active el javascript',
      'activa javascript',
      'attiva javascript',
      'javascriptを有効',
      'javascript を有効',
    ],
  },
];

/** Pages that ask for consent to cookies in place of what was asked for: a new session gives it. */
export const consentMarks: readonly string[] = ['collectConsent', 'class="consent-form'];

/** What a limiter says in place of everything, in small letters, without an HTTP status that says it. */
export const limitTexts: readonly string[] = ['too many requests', 'edge: too many requests', 'rate limit exceeded'];

/** Sentences that say the same anywhere on a short page. */
export const limitSentences: readonly string[] = [
  'you are being rate limited',
  'you have been rate limited',
  "you've been rate limited",
  'you have made too many requests',
  'you have sent too many requests',
  'you are making too many requests',
  'you are sending too many requests',
];
