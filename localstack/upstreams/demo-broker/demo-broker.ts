/**
 * A broker that does not exist: positions behind a login form, in a table that a script fills. It represents sites that
 * need a login, with a browser or without: its form needs no script.
 *
 *   GET  /login       the form, with a token against forged requests (cookie and hidden field must agree)
 *   POST /login       303 to /positions with a session of ten minutes, or the form with an error
 *   POST /verify      the second factor, while a fault asks for one
 *   GET  /positions   the page; without a session a redirect to the form
 *   GET  /api/prices  what the page's script asks for, and programs that sign in without a browser
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { totp } from '../../../core/auth/totp.ts';
import { micOf } from '../../../core/sources/yahoo/exchanges.ts';
import { type Answer, html, json, type Request, redirect, text } from '../answer.ts';
import type { RequestKind } from '../control.ts';
import type { SimSource, Simulation, Simulator } from '../simulator.ts';
import { type SimMarket, snapshotOf } from '../yahoo/market.ts';
import { pricesOf, shortest } from '../yahoo/prices.ts';
import { allInstruments, instrumentOf, type SimInstrument } from '../yahoo/universe.ts';
import { codePage, type Keeping, keepingPage, loginPage, page, positionsPage, termsPage } from './pages.ts';

const source = 'demo-broker';
/** The valid login. It is for demonstration and no secret: `npm start` sets it for this source. */
export const demoCredentials = { username: 'demo', password: 'open-sesame-4711' } as const;
/** The secret of the demo's authenticator app, which the fault `second-factor` asks for. */
export const demoTotpSecret = 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP';
const sessionMs = 10 * 60_000;

/** The demo broker, which exists only here. */
export const simulator: Simulator = {
  start: simulateDemoBroker,
  credentials: demoCredentials,
  faults: {
    drift: 'schema_drift',
    unit: 'implausible',
    stale: 'stale',
    expired: 'auth_expired',
    refused: 'auth_expired',
    'second-factor': 'auth_expired',
    locked: 'auth_expired',
    terms: 'auth_expired',
    'cookie-wall-login': 'auth_expired',
    layout: 'schema_drift',
    loading: 'down',
  },
  readThrough: [
    'doubled-cells',
    'two-header-rows',
    'split-table',
    'paged',
    'late-rows',
    'hidden-error',
    'session-storage',
    'indexed-db',
    'late-cookie',
  ],
};

function simulateDemoBroker({ seed, alwaysOpen, control, now }: Simulation): SimSource {
  const market: SimMarket = { seed, alwaysOpen, priceOf: pricesOf(seed) };
  const sign = (value: string) =>
    createHmac('sha256', `demo-broker/${seed}`).update(value).digest('base64url').slice(0, 27);
  const isSigned = (value: string, signature: string) => {
    const expected = Buffer.from(sign(value));
    const given = Buffer.from(signature);
    return expected.length === given.length && timingSafeEqual(expected, given);
  };

  function signedIn(request: Request, kind: RequestKind): boolean {
    const [id = '', until = '', signature = ''] = (keptSession(request) ?? '').split('.');
    const expired = control.hit('expired', source, kind);
    if (expired && (expired.madeBefore === undefined || Number(until) - sessionMs < Date.parse(expired.madeBefore)))
      return false;
    return isSigned(`${id}.${until}`, signature) && Number(until) > now();
  }

  function keeping(): Keeping {
    if (control.hit('session-storage', source, 'login')) return 'session-storage';
    if (control.hit('indexed-db', source, 'login')) return 'indexed-db';
    return control.hit('late-cookie', source, 'login') ? 'late-cookie' : 'cookie';
  }

  function form(request: Request, problem = ''): Answer {
    const token = randomBytes(18).toString('base64url');
    const walled = request.method === 'GET' ? control.hit('cookie-wall-login', source, 'login') : undefined;
    const differs = {
      problem,
      scripted: control.hit('hidden-error', source, 'login') !== undefined,
      wall: walled && (walled.button === 'known' ? 'necessary' : 'whatever'),
    };
    return html(200, loginPage(request.base, token, differs), {
      'cache-control': 'no-store',
      'set-cookie': [`broker_csrf=${token}; Path=/; SameSite=Strict; HttpOnly`],
    });
  }

  function login(request: Request): Answer {
    if (request.method !== 'POST') return form(request);
    const sent = new URLSearchParams(request.body);
    const token = sent.get('csrf_token');
    if (!token || token !== cookieOf(request, 'broker_csrf')) return form(request, 'The form has expired. Try again.');
    const right =
      sent.get('username') === demoCredentials.username && sent.get('password') === demoCredentials.password;
    if (!right || control.hit('refused', source, 'login') !== undefined)
      return form(request, 'We do not know this user name and password.');
    const locked = control.hit('locked', source, 'login');
    if (locked)
      return form(
        request,
        locked.minutes === undefined
          ? 'Your account has been locked. Please call us.'
          : `Too many attempts. Try again in ${locked.minutes} minutes.`,
      );
    if (control.hit('second-factor', source, 'login')) return redirect(303, `${request.base}/verify`);
    if (control.hit('terms', source, 'login')) return redirect(303, `${request.base}/terms`);
    const other = control.hit('after-password', source, 'login');
    if (other && other.within !== 'dialog') return redirect(303, `${request.base}${other.path}`);
    return letIn(request);
  }

  function letIn(request: Request): Answer {
    const value = `${randomBytes(15).toString('base64url')}.${now() + sessionMs}`;
    const kept = keeping();
    const session = `${value}.${sign(value)}`;
    if (kept !== 'cookie')
      return html(
        200,
        keepingPage(request.base, session, kept, control.hit('late-cookie', source, 'login')?.delayMs ?? 0),
      );
    return redirect(303, `${request.base}/positions`, {
      'cache-control': 'no-store',
      'set-cookie': [`broker_session=${session}; Path=/; SameSite=Strict; HttpOnly`],
    });
  }

  /** The second factor: any clock of a minute ago or ahead is right. */
  function verify(request: Request): Answer {
    if (request.method !== 'POST') return html(200, codePage(request.base, ''));
    const code = new URLSearchParams(request.body).get('code');
    const right = [-30_000, 0, 30_000].some((away) => totp(demoTotpSecret, Date.now() + away) === code);
    return right ? letIn(request) : html(200, codePage(request.base, 'The code is not right.'));
  }

  /** A page after the password that the tester chose. */
  function chosen(request: Request): Answer | undefined {
    const other = control.hit('after-password', source, 'login');
    if (request.path === `${other?.path}/inside`) return html(200, page('inside', other?.html ?? ''));
    if (!other || request.path !== other.path) return undefined;
    if (other.within === 'form') return form(request, other.html);
    return html(
      200,
      page(
        'next',
        other.within === 'frame'
          ? `<iframe src="${request.base}${other.path}/inside" width="600" height="400"></iframe>`
          : other.html,
      ),
    );
  }

  function prices(request: Request): Answer {
    if (!signedIn(request, 'quote')) return json(401, { error: 'signed out' });
    const asked = request.query.get('symbols');
    const instruments = asked
      ? asked.split(',').flatMap((symbol) => instrumentOf(symbol) ?? [])
      : allInstruments().slice(0, 12);
    return json(200, { positions: instruments.map(position) }, { 'cache-control': 'no-store' });
  }

  function position(instrument: SimInstrument): Record<string, unknown> {
    const { symbol } = instrument;
    const wanted = control.hit('price', source, 'quote', symbol);
    const age = control.hit('stale', source, 'quote', symbol)?.ageMs ?? 0;
    const factor = control.hit('unit', source, 'quote', symbol) ? 100 : 1;
    const { close, previousClose, at, volume } = snapshotOf(market, instrument, now() - age);
    return {
      symbol,
      name: instrument.longName,
      type: typeOf(instrument),
      market: micOf(instrument.exchange.code),
      last: String(shortest((wanted?.price ?? close) * factor)),
      previous: String(shortest(previousClose * factor)),
      volume: String(volume),
      currency: instrument.currency,
      time: wanted?.asOf ?? new Date(at).toISOString(),
    };
  }

  return {
    kindOf,
    answer(request) {
      const other = chosen(request);
      if (other) return other;
      switch (kindOf(request.path)) {
        case 'login':
          if (request.path === '/verify') return verify(request);
          return request.path === '/terms' ? html(200, termsPage) : login(request);
        case 'quote':
          return prices(request);
        case 'asset':
          return text(200, '');
        case 'page': {
          if (request.path === '/') return redirect(302, `${request.base}/positions`);
          // A session that a script keeps is no business of the page itself.
          if (!['session-storage', 'indexed-db'].includes(keeping()) && !signedIn(request, 'page'))
            return redirect(302, `${request.base}/login`, { 'cache-control': 'no-store' });
          const dialog = control.hit('after-password', source, 'login');
          return html(
            200,
            positionsPage(request.base, {
              drifted: control.hit('drift', source, 'page') !== undefined,
              id: control.hit('layout', source, 'page') ? 'holdings' : 'positions',
              doubled: control.hit('doubled-cells', source, 'page') !== undefined,
              twoHeadRows: control.hit('two-header-rows', source, 'page') !== undefined,
              loads: control.hit('loading', source, 'page') !== undefined,
              split: control.hit('split-table', source, 'page') !== undefined,
              keeping: keeping(),
              dialog: dialog?.within === 'dialog' ? dialog.html : undefined,
              paged: control.hit('paged', source, 'page') !== undefined,
              lateMs: control.hit('late-rows', source, 'page')?.delayMs ?? 0,
            }),
            { 'cache-control': 'no-store' },
          );
        }
        default:
          return html(404, '<!doctype html><title>Demo Broker</title><h1>Nothing here</h1>');
      }
    },
  };
}

function kindOf(path: string): RequestKind {
  if (['/login', '/verify', '/terms'].includes(path)) return 'login';
  if (path === '/positions' || path === '/') return 'page';
  if (path === '/api/prices') return 'quote';
  return /\.(png|ico|css)$/.test(path) ? 'asset' : 'other';
}

/** In the cookie, or in the header of a script that keeps it elsewhere. */
function keptSession(request: Request): string | undefined {
  return request.headers['x-broker-session'] ?? cookieOf(request, 'broker_session');
}

function cookieOf(request: Request, name: string): string | undefined {
  return (request.headers['cookie'] ?? '')
    .split(/;\s*/)
    .find((pair) => pair.startsWith(`${name}=`))
    ?.slice(name.length + 1);
}

function typeOf({ quoteType }: SimInstrument): string {
  return {
    EQUITY: 'Share',
    ETF: 'ETF',
    INDEX: 'Index',
    MUTUALFUND: 'Fund',
    CRYPTOCURRENCY: 'Crypto',
    CURRENCY: 'FX',
    FUTURE: 'Future',
  }[quoteType];
}
