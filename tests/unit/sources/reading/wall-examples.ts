/** An answer as a wall's maker sends it. */
export interface WallExample {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A page with this title and body. */
export const page = (title: string, body: string, head = '') =>
  `<!DOCTYPE html><html><head><title>${title}</title>${head}</head><body>${body}</body></html>`;

/** Walls with other names for the same boxes, with other words, and in other languages: by the name of the face. */
export const wallsInOtherWords: readonly (readonly [string, WallExample])[] = [
  ...(
    [
      ['cloudflare-turnstile', `<div class='cf-turnstile' data-sitekey='x'></div>`],
      ['cloudflare-turnstile', '<div class="box cf-turnstile" data-sitekey="x"></div>'],
      ['cloudflare-turnstile', '<iframe src="https://challenges.cloudflare.com/cdn-cgi/turnstile/if"></iframe>'],
      [
        'cloudflare-turnstile',
        '<p>One moment</p><script src="https://challenges.cloudflare.com/turnstile/v0/api.js"></script>',
      ],
      [
        'cloudflare-challenge',
        '<p>www.site.example needs to review the security of your connection before proceeding.</p>',
      ],
      ['hcaptcha', '<div class="mb-2 h-captcha" data-sitekey="x"></div><p>Please confirm</p>'],
      ['hcaptcha', '<iframe src="https://newassets.hcaptcha.com/captcha/v1/x/hcaptcha.html"></iframe>'],
      ['recaptcha', '<iframe title="reCAPTCHA" src="https://www.google.com/recaptcha/api2/anchor?k=x"></iframe>'],
      ['recaptcha', '<iframe src="https://www.recaptcha.net/recaptcha/enterprise/anchor?k=x"></iframe>'],
      ['arkose', '<div id="FunCaptcha"></div>'],
      ['friendly-captcha', '<div class="frc-captcha" data-sitekey="x"></div>'],
      ['mtcaptcha', '<div class="mtcaptcha"></div>'],
      ['altcha', '<altcha-widget challengeurl="/x"></altcha-widget>'],
      ['yandex', '<div class="CheckboxCaptcha">I am human</div>'],
      [
        'anubis',
        '<h1>One second</h1><script id="anubis_challenge" type="application/json">{}</script><p>Loading...</p>',
      ],
      ['f5', '<script>window["bobcmn"] = "10111";</script><script src="/TSPD/08"></script>'],
      ['fastly', '<script src="/_fs-ch-1T1wmsGaOgGaSxcX/script.js"></script>'],
      ['qrator', '<script src="/__qrator/qauth_utm_v2.js"></script>'],
      ['reblaze', '<script>window.rbzns={bereshit:"1"};winsocks()</script>'],
      ['datadome', '<p id="cmsg">Please enable JS and disable any ad blocker</p>'],
      [
        'perimeterx',
        '<h1>Before we continue...</h1><p>Press &amp; Hold to confirm you are a human (and not a bot).</p>',
      ],
      ['imperva', '<h1>Pardon Our Interruption...</h1><p>Something about your browser</p>'],
      ['wordfence', '<h1>Your access to this site has been limited by the site owner</h1>'],
      ['aws-waf-captcha', '<div id="captcha-container"></div>'],
      ['aws-waf-challenge', '<script src="https://abc.edge.sdk.awswaf.com/abc/challenge.js"></script>'],
      ['amazon', '<p>To discuss automated access write to us</p><h4>Enter the characters you see below</h4>'],
      ['vpn', '<h1>VPN or proxy detected</h1><p>Access is not possible.</p>'],
      ['vpn', '<p>It looks like you are using a VPN or proxy. Please turn it off.</p>'],
      ['vpn', '<p>Please disable your VPN and try again.</p>'],
      ['vpn', '<p>Bitte schalten Sie Ihr VPN aus.</p>'],
      ['vpn', '<p>VPNをご利用の場合はオフにしてください。</p>'],
      ['script-wanted', '<p>Please enable JavaScript to view this site.</p>'],
      ['script-wanted', '<h1>JavaScript is disabled</h1><p>Turn it on and reload.</p>'],
      ['script-wanted', '<p>This site requires JavaScript.</p>'],
      ['script-wanted', '<p>Bitte aktivieren Sie JavaScript in Ihrem Browser.</p>'],
      ['script-wanted', '<p>JavaScriptを有効にしてください。</p>'],
      ['unnamed', '<p>Your IP address has been blocked.</p>'],
      ['unnamed', '<p>Please complete the security check to access site.example</p>'],
      ['unnamed', '<p>Bitte bestätigen Sie, dass Sie kein Roboter sind.</p>'],
      ['unnamed', '<p>Veuillez confirmer que vous n’êtes pas un robot.</p>'],
      ['unnamed', '<p>Please enable JavaScript and cookies to continue</p>'],
    ] as const
  ).map(([name, body]): [string, WallExample] => [name, { status: 200, body: page('site.example', body) }]),
  [
    'barracuda',
    { status: 200, body: page('Blocked', '<h1>Web Application Firewall</h1><p>Your request was blocked</p>') },
  ],
  [
    'fortiweb',
    { status: 200, body: page('Web Page Blocked!', '<p>The page cannot be displayed. Attack ID: 20000051</p>') },
  ],
  ['radware', { status: 200, body: page('Radware Captcha Page', '<div>We apologize for the inconvenience</div>') }],
  ['bunny', { status: 200, body: page('Establishing a secure connection ...', '<h1>Hold on</h1>') }],
  ['wordfence', { status: 503, body: page('Your access to this site has been limited', '<p>Wordfence</p>') }],
  ['kasada', { status: 429, headers: { 'x-kpsdk-ct': '1' }, body: '' }],
  [
    'aws-waf-challenge',
    { status: 202, body: page('', '<script src="https://abc.edge.sdk.awswaf.com/x.js"></script>') },
  ],
  ['unnamed', { status: 200, body: page('Security check', '<p>Wait a moment</p>') }],
];

/** Pages that embed, or speak of, what walls are made of. */
export const noWalls: Readonly<Record<string, string>> = {
  'the badge of an invisible captcha': page(
    'Members',
    '<h1>Members</h1><p>Members are listed below.</p><div class="grecaptcha-badge"><iframe title="reCAPTCHA" src="https://www.google.com/recaptcha/api2/anchor?k=x&amp;size=invisible"></iframe></div>',
  ),
  'a story about captchas': page(
    'How captchas work',
    '<p>A captcha asks to verify you are human: hCaptcha, say. </p>'.repeat(110),
  ),
  'holdings of a firm that sells such': page(
    'Members',
    `<h1>Members</h1><table>${'<tr><td>VPN Proxy Detected Inc.</td><td>VPN</td></tr>'.repeat(10)}</table><p>Our charts require JavaScript.</p>`,
  ),
  'a warning for those without scripts': page(
    'App',
    '<noscript>Please enable JavaScript and cookies to continue</noscript><main><h1>Holdings</h1><p>None today</p></main>',
  ),
};

/** Pages of a wall's maker for a server behind it that is broken, or for too many requests. */
export const makersErrors: readonly (readonly [string, WallExample])[] = [
  [
    'down',
    { status: 502, body: page('site.example | 502: Bad gateway', '<div id="cf-error-details">Bad gateway</div>') },
  ],
  ['down', { status: 522, body: page('site.example | 522', '<div id="cf-error-details">Connection timed out</div>') }],
  ['rate_limited', { status: 429, body: page('Rate Limited', '<div id="cf-error-details">Error 1015</div>') }],
  [
    'rate_limited',
    { status: 200, body: page('Access denied', '<h1>Error 1015</h1><p>You are being rate limited</p>') },
  ],
];
