/**
 * A broker that does not exist: positions behind a login form, in a table that a script fills. It represents sites that
 * need a login, with a browser or without: its form needs no script.
 *
 *   GET  /login       the form, with a token against forged requests (cookie and hidden field must agree)
 *   POST /login       303 to /positions with a session of ten minutes, or the form with an error
 *   GET  /positions   the page; without a session a redirect to the form
 *   GET  /api/prices  what the page's script asks for, and programs that sign in without a browser
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { micOf } from '../../../core/sources/yahoo/exchanges.ts';
import { type Answer, html, json, type Request, redirect, text } from '../answer.ts';
import type { RequestKind } from '../control.ts';
import type { SimSource, Simulation, Simulator } from '../simulator.ts';
import { doubledCell, faceStyles, headRow, twoHeadRows } from '../table-faces.ts';
import { type SimMarket, snapshotOf } from '../yahoo/market.ts';
import { pricesOf, shortest } from '../yahoo/prices.ts';
import { allInstruments, instrumentOf, type SimInstrument } from '../yahoo/universe.ts';

const source = 'demo-broker';
/** The valid login. It is for demonstration and no secret: `npm start` sets it for this source. */
export const demoCredentials = { username: 'demo', password: 'open-sesame-4711' } as const;
const sessionMs = 10 * 60_000;

/** The demo broker, which exists only here. */
export const simulator: Simulator = {
  start: simulateDemoBroker,
  credentials: demoCredentials,
  faults: {
    drift: 'schema_drift',
    unit: 'schema_drift',
    stale: 'stale',
    expired: 'auth_expired',
    refused: 'auth_expired',
    layout: 'schema_drift',
  },
  readThrough: ['doubled-cells', 'two-header-rows', 'split-table'],
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
    const [id = '', until = '', signature = ''] = (cookieOf(request, 'broker_session') ?? '').split('.');
    const expired = control.hit('expired', source, kind);
    if (expired && (expired.madeBefore === undefined || Number(until) - sessionMs < Date.parse(expired.madeBefore)))
      return false;
    return isSigned(`${id}.${until}`, signature) && Number(until) > now();
  }

  function form(request: Request, problem = ''): Answer {
    const token = randomBytes(18).toString('base64url');
    return html(200, loginPage(request.base, token, problem), {
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
    const value = `${randomBytes(15).toString('base64url')}.${now() + sessionMs}`;
    return redirect(303, `${request.base}/positions`, {
      'cache-control': 'no-store',
      'set-cookie': [`broker_session=${value}.${sign(value)}; Path=/; SameSite=Strict; HttpOnly`],
    });
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
      switch (kindOf(request.path)) {
        case 'login':
          return login(request);
        case 'quote':
          return prices(request);
        case 'asset':
          return text(200, '');
        case 'page':
          if (request.path === '/') return redirect(302, `${request.base}/positions`);
          if (!signedIn(request, 'page'))
            return redirect(302, `${request.base}/login`, { 'cache-control': 'no-store' });
          return html(
            200,
            positionsPage(request.base, {
              drifted: control.hit('drift', source, 'page') !== undefined,
              id: control.hit('layout', source, 'page') ? 'holdings' : 'positions',
              doubled: control.hit('doubled-cells', source, 'page') !== undefined,
              twoHeadRows: control.hit('two-header-rows', source, 'page') !== undefined,
              split: control.hit('split-table', source, 'page') !== undefined,
            }),
            { 'cache-control': 'no-store' },
          );
        default:
          return html(404, '<!doctype html><title>Demo Broker</title><h1>Nothing here</h1>');
      }
    },
  };
}

function kindOf(path: string): RequestKind {
  if (path === '/login') return 'login';
  if (path === '/positions' || path === '/') return 'page';
  if (path === '/api/prices') return 'quote';
  return /\.(png|ico|css)$/.test(path) ? 'asset' : 'other';
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

const style =
  '<link rel="icon" href="favicon.ico"><style>body{font:15px sans-serif;margin:2rem}td,th{padding:.3rem .8rem;text-align:right}</style>';

function loginPage(base: string, token: string, problem: string): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Demo Broker: sign in</title>${style}</head><body>
<img src="${base}/logo.png" alt=""><h1>Demo Broker</h1>
<form id="login" method="post" action="${base}/login">
<input type="hidden" name="csrf_token" value="${token}">
<label>User name <input name="username" autocomplete="username" required></label>
<label>Password <input name="password" type="password" autocomplete="current-password" required></label>
${problem === '' ? '' : `<p class="login-error" role="alert">${problem}</p>`}
<button type="submit">Sign in</button>
</form></body></html>`;
}

const columns = ['Symbol', 'Name', 'Type', 'Market', 'Last', 'Previous', 'Volume', 'Currency', 'Time'];
const names = columns.map((column) => column.toLowerCase());

/** How the page looks. */
interface Face {
  readonly drifted: boolean;
  readonly id: string;
  readonly doubled: boolean;
  readonly twoHeadRows: boolean;
  /** The headings in a table of their own. */
  readonly split: boolean;
}

function positionsPage(base: string, { drifted, id, doubled, twoHeadRows: two, split }: Face): string {
  const heads = drifted
    ? columns.map((column) => (column === 'Last' ? 'Quote' : column === 'Time' ? 'Updated' : column))
    : columns;
  const head = `<thead>${two ? twoHeadRows(heads, 'Price', 4) : headRow(heads)}</thead>`;
  const face = doubled ? names.map((_, at) => doubledCell('$', at)) : names.map(() => '$');
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Demo Broker: positions</title>${style}${faceStyles}</head><body>
<header><span id="account">Signed in as demo</span></header><h1>Positions</h1>
${split ? `<table>${head}</table><table id="${id}">` : `<table id="${id}">${head}`}<tbody></tbody></table>
<script>
const names = ${JSON.stringify(names)}, faces = ${JSON.stringify(face)};
async function fill() {
  const answer = await fetch(${JSON.stringify(`${base}/api/prices`)} + location.search);
  if (!answer.ok) {
    document.body.insertAdjacentHTML('beforeend', '<p class="problem">Prices are not available at the moment.</p>');
    return;
  }
  const { positions } = await answer.json();
  const rows = document.createDocumentFragment();
  for (const position of positions) {
    const row = document.createElement('tr');
    for (const [at, name] of names.entries()) row.insertCell().innerHTML = faces[at].replaceAll('$', () => position[name]);
    rows.append(row);
  }
  const table = document.getElementById('${id}');
  table.tBodies[0].append(rows);
  table.dataset.rows = positions.length;
}
setTimeout(fill, 60);
</script></body></html>`;
}
