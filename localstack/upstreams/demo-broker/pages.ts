/** The pages of the simulated broker, and those that its faults show. */
import { doubledCell, faceStyles, headRow, twoHeadRows } from '../table-faces.ts';

/** Where a session is kept: in a cookie of the answer, or by a script. */
export type Keeping = 'cookie' | 'late-cookie' | 'session-storage' | 'indexed-db';

const style =
  '<link rel="icon" href="favicon.ico"><style>body{font:15px sans-serif;margin:2rem}td,th{padding:.3rem .8rem;text-align:right}</style>';

/** A page of the broker. */
export function page(title: string, body: string): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Demo Broker: ${title}</title>${style}</head><body>
${body}</body></html>`;
}

/** What the login page differs in from its usual self. */
export interface LoginPage {
  readonly problem?: string;
  /** Sent by a script, with an element for errors that is there from the start. */
  readonly scripted?: boolean;
  /** A cookie wall over it, with the class of its button. */
  readonly wall?: string | undefined;
}

export function loginPage(base: string, token: string, { problem = '', scripted = false, wall }: LoginPage): string {
  const error = scripted ? '<p class="login-error" role="alert" style="padding:8px"></p>' : '';
  return page(
    'sign in',
    `<img src="${base}/logo.png" alt=""><h1>Demo Broker</h1>
<form id="login" method="post" action="${base}/login">
<input type="hidden" name="csrf_token" value="${token}">
<label>User name <input name="username" autocomplete="username" required></label>
<label>Password <input name="password" type="password" autocomplete="current-password" required></label>
${problem === '' ? error : `<p class="login-error" role="alert">${problem}</p>`}
<button type="submit">Sign in</button>
</form><p>By signing in you agree to our <a href="${base}/terms">terms</a>. <a href="${base}/password">Change your password</a></p>
${wall === undefined ? '' : cookieWall(wall)}${scripted ? sentByScript : ''}`,
  );
}

/** As single-page sites do it: the form is sent by \`fetch\`, and its answer shown without a new page. */
const sentByScript = `<script>
document.getElementById('login').addEventListener('submit', async (event) => {
  event.preventDefault();
  const error = document.querySelector('.login-error');
  const answer = await fetch(event.target.action, { method: 'POST', body: new URLSearchParams(new FormData(event.target)) });
  if (answer.redirected) location.assign(answer.url);
  else error.textContent = 'We do not know this user name and password.';
});
</script>`;

function cookieWall(button: string): string {
  return `<div id="cookie-wall" style="position:fixed;inset:0;background:#fff;z-index:9"><p>We use cookies. Accept our cookies to continue.</p>
<button type="button" class="${button}" onclick="this.parentElement.remove()">Go on</button></div>`;
}

/** After a right password: a script keeps the session, and goes on. */
export function keepingPage(base: string, session: string, keeping: Keeping, delayMs: number): string {
  const value = JSON.stringify(session);
  const next = `location.replace(${JSON.stringify(`${base}/positions`)})`;
  if (keeping === 'late-cookie')
    return page(
      'welcome',
      `<header><span id="account">Signed in as demo</span></header><p>Welcome</p>
<script>setTimeout(() => { document.cookie = 'broker_session=' + ${value} + '; path=/; samesite=strict'; }, ${delayMs});</script>`,
    );
  if (keeping === 'session-storage')
    return page('one moment', `<script>sessionStorage.setItem('broker_session', ${value}); ${next};</script>`);
  return page(
    'one moment',
    `<script>${openDatabase}
opened().then((db) => new Promise((resolve) => { const put = db.transaction('kept', 'readwrite'); put.objectStore('kept').put(${value}, 'broker_session'); put.oncomplete = resolve; })).then(() => ${next});</script>`,
  );
}

const openDatabase = `const opened = () => new Promise((resolve) => {
  const asked = indexedDB.open('broker', 1);
  asked.onupgradeneeded = () => asked.result.createObjectStore('kept');
  asked.onsuccess = () => resolve(asked.result);
});`;

const columns = ['Symbol', 'Name', 'Type', 'Market', 'Last', 'Previous', 'Volume', 'Currency', 'Time'];
const names = columns.map((column) => column.toLowerCase());

/** What the page of positions differs in from its usual self. */
export interface PositionsPage {
  readonly drifted: boolean;
  readonly doubled: boolean;
  readonly twoHeadRows: boolean;
  /** The headings in a table of their own. */
  readonly split: boolean;
  /** Its rows never come. */
  readonly loads: boolean;
  /** Id of the table. */
  readonly id: string;
  readonly keeping: Keeping;
  /** HTML of a dialog over it. */
  readonly dialog?: string | undefined;
  /** Three rows at a time, with a button for the next. */
  readonly paged: boolean;
  /** The last rows come so much later. */
  readonly lateMs: number;
}

const pagedScript = `
  document.body.insertAdjacentHTML('beforeend', '<nav class="pager"><span id="at"></span> <button type="button" id="on">Next</button></nav>');
  let page = 0;
  const turn = () => {
    table.tBodies[0].replaceChildren();
    show(page * 3, page * 3 + 3);
    document.getElementById('at').textContent = 'Page ' + (page + 1) + ' of ' + Math.ceil(positions.length / 3);
    document.getElementById('on').disabled = page * 3 + 3 >= positions.length;
  };
  document.getElementById('on').onclick = () => { page++; setTimeout(turn, 100); };
  turn();`;

export function positionsPage(
  base: string,
  { drifted, id, keeping, dialog, doubled, twoHeadRows: two, loads, split, paged, lateMs }: PositionsPage,
): string {
  const heads = drifted
    ? columns.map((column) => (column === 'Last' ? 'Quote' : column === 'Time' ? 'Updated' : column))
    : columns;
  const head = `<thead>${two ? twoHeadRows(heads, 'Price', 4) : headRow(heads)}</thead>`;
  const face = doubled ? names.map((_, at) => doubledCell('$', at)) : names.map(() => '$');
  const byScript = keeping === 'session-storage' || keeping === 'indexed-db';
  return page(
    'positions',
    `<header><span id="account"${byScript ? ' hidden' : ''}>Signed in as demo</span></header><h1>Positions</h1>
${faceStyles}${split ? `<table>${head}</table><table id="${id}">` : `<table id="${id}">${head}`}<tbody>${loads ? '<tr><td colspan="9">Loading…</td></tr>' : ''}</tbody></table>
${dialog === undefined ? '' : `<div role="dialog" aria-modal="true" style="position:fixed;inset:10%;background:#fff">${dialog}</div>`}
<script>
const names = ${JSON.stringify(names)}, faces = ${JSON.stringify(face)};
${openDatabase}
async function session() {
  if (${JSON.stringify(keeping)} === 'session-storage') return sessionStorage.getItem('broker_session');
  const db = await opened();
  return new Promise((resolve) => {
    const got = db.transaction('kept').objectStore('kept').get('broker_session');
    got.onsuccess = () => resolve(got.result ?? null);
  });
}
async function fill() {
  const headers = {};
  if (${byScript}) {
    const kept = await session();
    if (kept === null) return location.replace(${JSON.stringify(`${base}/login`)});
    headers['x-broker-session'] = kept;
    document.getElementById('account').hidden = false;
  }
  const answer = await fetch(${JSON.stringify(`${base}/api/prices`)} + location.search, { headers });
  if (!answer.ok) {
    document.body.insertAdjacentHTML('beforeend', '<p class="problem">Prices are not available at the moment.</p>');
    return;
  }
  const { positions } = await answer.json();
  const table = document.getElementById('${id}');
  const show = (from, to) => {
    for (const position of positions.slice(from, to)) {
      const row = table.tBodies[0].insertRow();
      for (const [at, name] of names.entries()) row.insertCell().innerHTML = faces[at].replaceAll('$', () => position[name]);
    }
  };
  ${paged ? pagedScript : lateMs > 0 ? `show(0, 2); setTimeout(() => show(2), ${lateMs});` : 'show(0);'}
  table.dataset.rows = positions.length;
}
${loads ? '' : 'setTimeout(fill, 60);'}
</script>`,
  );
}

/** The page of a second factor. */
export function codePage(base: string, problem: string): string {
  return page(
    'verify',
    `<h1>Two-step verification</h1><form id="second-factor" method="post" action="${base}/verify">
<label>Enter the code of your authenticator app <input name="code" inputmode="numeric" autocomplete="one-time-code"></label>
<p class="login-error">${problem}</p><button type="submit">Verify</button></form>`,
  );
}

export const termsPage = page(
  'terms',
  '<h1>Our terms have changed</h1><p>Please read and accept the new terms to continue.</p><form method="post"><button name="accept">I accept</button></form>',
);
