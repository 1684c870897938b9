import { browserLoginSession } from '../../core/auth/browser-login.ts';
import type { PermittedCall } from '../../core/auth/cookie-walk.ts';
import { makeSession } from '../../core/auth/make-session.ts';
import { exchangeErrors } from '../../core/contracts/blob.ts';
import type { Failure } from '../../core/contracts/failure.ts';
import { jobKinds } from '../../core/contracts/words/job-kinds.ts';
import { loginStates } from '../../core/contracts/words/login-states.ts';
import type { LoginResult } from '../../core/ports/browser.ts';
import { verdictOf } from '../../core/prices/verdict.ts';
import type { Heard } from '../../core/proxy/read-answer.ts';
import { readQuoteAnswer } from '../../core/proxy/read-quotes.ts';
import { noOutcome, noPermit, proofOf } from '../../core/recovery/proof.ts';
import { abandoned, sourceRemoved } from '../../core/recovery/recovery.ts';
import { sourceAddress } from '../../core/sources/address.ts';
import { catalogue, parserOf } from '../../core/sources/catalogue.ts';
import type { BrowserFormLoginStrategy, SessionStrategy, SourceDefinition } from '../../core/sources/definition.ts';
import { guardedRead } from '../../core/sources/guard.ts';
import { readHtml } from '../../core/sources/reading/html.ts';
import { unfinishedList } from '../../core/sources/reading/whole-list.ts';
import { slickChartsIndices } from '../../core/sources/slickcharts/indices.ts';
import { holdLists } from '../../functions/ingest/hold-lists.ts';
import { golden, page } from '../unit/sources/slickcharts/good-page.ts';
import { noon } from './price-rows.ts';

const fetchedAt = new Date(noon).toISOString();

function answered(body: string, status = 200, more: { truncated?: boolean; headers?: Record<string, string> } = {}) {
  return { response: { status, headers: {}, body, truncated: false, ...more }, error: null };
}

const statuses = [204, 302, 400, 401, 403, 404, 408, 418, 422, 429, 451, 500, 502, 503, 504];

const table = (headings: readonly string[], rows: readonly (readonly string[])[] = []) =>
  `<table class="table table-hover table-borderless table-sm" id="positions" data-rows="${rows.length}">
     <thead><tr>${headings.map((each) => `<th>${each}</th>`).join('')}</tr></thead>
     <tbody>${rows.map((cells) => `<tr>${cells.map((each) => `<td>${each}</td>`).join('')}</tr>`).join('')}</tbody></table>`;
const members = ['Company', 'Symbol', 'Weight', 'Price'];
/** As many members as the Dow has, none of which weighs enough. */
const light = Array.from({ length: 30 }, (_, at) => [
  'Name',
  `A${'BCDEFGHIJKLMNOPQRSTUVWXYZABCDE'[at]}${at}`,
  '1%',
  '10',
]);

const bodies = [
  '',
  '<html><body>One moment</body></html>',
  '{"chart":{"result":[{"meta"',
  '{}',
  '[]',
  'Too Many Requests',
  '<form id="login"></form>',
  '<div id="challenge-form"></div>',
  '<form class="consent-form" action="/v2/collectConsent"></form>',
  '<h1>Scheduled maintenance</h1>',
  '<h1>Waiting room</h1>',
  '<h1>Internal Server Error</h1>',
  '<h1>Page not found</h1>',
  '<h1>This domain is for sale</h1>',
  '<h1>Positions</h1><p>The positions of your account.</p><table id="positions"><tr><th>Symbol</th></tr></table>',
  '<p class="spinner"></p>',
  '<p class="problem">No prices</p>',
  table(['Symbol', 'Weight']),
  table(members),
  table(members, light),
  table(
    members,
    light.map(([name = '', symbol = '', ...rest]) => [name, symbol + symbol, ...rest]),
  ),
  '<div>'.repeat(513),
  ...['Unauthorized', 'Not Found', 'Bad Request', 'Teapot'].map((code) =>
    JSON.stringify({ quoteResponse: { result: null, error: { code } }, chart: { result: null, error: { code } } }),
  ),
  JSON.stringify({ quoteResponse: { result: null, error: null }, chart: { result: null, error: null } }),
  JSON.stringify({ quoteResponse: { result: [], error: null } }),
  JSON.stringify({
    chart: {
      result: [
        {
          meta: {
            symbol: 'AAPL',
            currency: 'USD',
            exchangeName: 'NMS',
            exchangeTimezoneName: 'America/New_York',
            dataGranularity: '7h',
          },
          indicators: { quote: [{}] },
        },
      ],
      error: null,
    },
  }),
  ...[
    { 'Global Quote': {} },
    {
      'Meta Data': { '2. Symbol': 'IBM', '5. Time Zone': 'Mars/Olympus' },
      'Time Series (Daily)': {},
    },
    { 'Error Message': 'the parameter apikey is invalid or missing' },
    { 'Error Message': 'Invalid API call' },
    { Note: 'Please consider 5 calls per minute' },
    { Information: 'Our standard limit is 25 requests per day' },
    { Information: 'This is a premium endpoint' },
    { Information: 'Hello' },
    { status: { error_code: 429 } },
    { error: 'no such coin' },
  ].map((each) => JSON.stringify(each)),
];

const heard: Heard[] = [
  ...exchangeErrors.map((code) => ({ response: null, error: { code, message: 'It failed.' } })),
  { response: null, error: null },
  answered('{', 200, { truncated: true }),
  answered(table(members), 200, { headers: { age: '90000' } }),
  answered('PK', 200, { headers: { 'content-disposition': 'attachment' } }),
  ...statuses.map((status) => answered('An error page', status)),
  ...bodies.map((body) => answered(body)),
].map((each) => ({ ...each, fetchedAt }));

/** What every parser makes of every answer, for each kind of job, also of requests that it does not know. */
async function ofAnswers(): Promise<Failure[]> {
  const found: Failure[] = [];
  for (const { id } of catalogue) {
    const parser = await parserOf(id);
    const symbols = id === 'slickcharts' ? slickChartsIndices.map((index) => index.symbol) : ['AAPL'];
    for (const kind of jobKinds)
      for (const symbol of [...symbols, '~'])
        for (const answer of heard)
          for (const url of ['https://source.invalid/', 'https://source.invalid/?vs_currency=usd']) {
            const { failure } = parser.parse(kind, { ...answer, request: { symbols: [symbol], url } });
            if (failure) found.push(failure);
          }
  }
  const rows = ['A', 'B', 'C'].map((symbol) => ({ symbol, regularMarketVolume: 1 }));
  const drifted = JSON.stringify({ quoteResponse: { result: rows, error: null } });
  for (const answer of [...heard, { ...answered(drifted), fetchedAt }]) {
    const read = readQuoteAnswer(answer, ['AAPL']);
    if ('failure' in read) found.push(read.failure);
    else if (read.drift) found.push(read.drift);
  }
  return found;
}

const formLogin: SessionStrategy = {
  strategy: 'form-login',
  loginUrl: '/login',
  fields: { username: 'user', password: 'password' },
  sessionCookie: 'session',
  lifeSeconds: 60,
};
const loginForm = '<form action="/login"><input name="user"><input name="password"></form>';
const agreeForm = '<form action="/agree"><input name="agree" value="agree"></form>';
const cookies = ['A3=first; Path=/'];

/** What a session ends as where every page of the source gives the same, for each way to sign in. */
async function ofSessions(): Promise<Failure[]> {
  const here = (location: string) => answered('', 302, { headers: { location } });
  const pages = [
    ...heard.map((each) => ({ ...each, setCookies: [] })),
    ...[
      answered(''),
      answered('no crumb at all, but a sentence'),
      answered('Too Many Requests'),
      answered(loginForm),
      answered(agreeForm),
      here('https://elsewhere.invalid/'),
      here('/'),
    ].flatMap((each) => [
      { ...each, setCookies: [] },
      { ...each, setCookies: cookies },
    ]),
  ];
  const signing: { source: SourceDefinition; strategy: SessionStrategy }[] = [
    ...catalogue.flatMap((source) => (source.session === null ? [] : [{ source, strategy: source.session }])),
    ...catalogue.map((source) => ({ source, strategy: formLogin })),
  ];
  const found: Failure[] = [];
  // A consent is walked through: the second page is another than the first.
  for (const { source, strategy } of signing)
    for (const credentials of [null, JSON.stringify({ username: 'u', password: 'p' })])
      for (const page of pages)
        for (const first of [page, { ...here('/consent'), setCookies: cookies }]) {
          let calls = 0;
          const call: PermittedCall = async ({ url }) => ({ ...(calls++ === 0 ? first : page), url, latencyMs: 1 });
          const session = await makeSession(strategy, {
            address: sourceAddress(source, { [source.id]: 'https://source.invalid' }),
            call,
            headers: {},
            credentials: async () => credentials,
            now: () => noon,
            browserLogin: async () => ({ headers: {}, query: {}, storageState: null, expiresAt: fetchedAt }),
          });
          if ('reason' in session) found.push(session);
        }
  return found;
}

/** What a login in a browser ends as. */
async function ofBrowserLogins(): Promise<Failure[]> {
  const source = catalogue.find((each) => each.session?.strategy === 'browser-form-login');
  const strategy = source?.session;
  if (!source || strategy?.strategy !== 'browser-form-login') throw new Error('No source signs in with a browser.');
  const results: LoginResult[] = [
    { outcome: 'refused' },
    { outcome: 'no_form' },
    { outcome: 'form_again' },
    { outcome: 'too_large' },
    ...loginStates.map((state) => ({ outcome: 'demanded', state }) as const),
    ...heard.map((each) => ({ ...each, outcome: 'failed' }) as const),
    { outcome: 'failed', ...answered('') },
  ];
  const login = (result: LoginResult, of: BrowserFormLoginStrategy) =>
    browserLoginSession(
      of,
      sourceAddress(source, {}),
      { username: 'u', password: 'p' },
      async () => result,
      {},
      () => noon,
    );
  const sessions = await Promise.all(results.map((result) => login(result, strategy)));
  return sessions.flatMap((session) => ('reason' in session ? [session] : []));
}

/** What a blob without an accepted row ends as. */
function ofVerdicts(): Failure[] {
  const empty = { exchanges: 1, failures: [], accepted: 0, rejected: [], missing: 0, stale: false };
  const rejected = {
    symbol: 'X',
    reason: 'unit_suspect',
    finding: { code: 'price_ratio', ratio: 100, to: 'stored' },
    detail: 'The price is 100 times the stored one.',
    path: '',
    row: null,
    currency: 'USD',
  } as const;
  return jobKinds
    .flatMap((kind) => [
      verdictOf({ ...empty, kind, accepted: 2, stale: true }),
      verdictOf({ ...empty, kind, rejected: [rejected, rejected] }),
      verdictOf({ ...empty, kind, exchanges: 0 }),
      verdictOf({ ...empty, kind, missing: 1 }),
    ])
    .flatMap(({ reason, detail, message }) => (reason && detail && message ? [{ reason, detail, message }] : []));
}

/** What a parser's own faults end as. */
function ofParsers(): Failure[] {
  const guarded = (read: () => null) => guardedRead<Failure | null>(read, (failure) => failure, 50) ?? [];
  return [
    guarded(() => {
      throw new TypeError('It is not a function.');
    }),
    guarded(() => {
      for (;;);
    }),
  ].flat();
}

/** What lists of members end as that are old, not whole, or other lists than before. */
async function ofLists(): Promise<Failure[]> {
  const parser = await parserOf('slickcharts');
  const request = { symbols: ['dowjones'] };
  const read = (headers: Record<string, string>) =>
    parser.parse('constituents', { ...answered(page(golden), 200, { headers }), fetchedAt, request });
  const longAgo = new Date(noon - 10 * 86_400_000).toUTCString();
  const old = [read({ 'last-modified': longAgo }), read({ age: String(10 * 86_400) })].map(({ failure }) => failure);
  const last = Array.from({ length: 30 }, (_, at) => `FORMER${at}`);
  const known = { last, accepted: [], known: new Set<string>(), listingId: 1 };
  const held = await holdLists(
    read({}),
    (symbol) => symbol,
    async () => known,
  );
  const html = readHtml(page(golden));
  const parts =
    'failure' in html
      ? []
      : [true, false].map((isUnfinished) =>
          unfinishedList({ ...html, list: { isWhole: false, rows: 100, said: 101, isUnfinished } }),
        );
  return [...old, held.parsed.failure, ...parts].flatMap((failure) => failure ?? []);
}

/** What a proof of a recovery fails with. */
function ofProofs(): Failure[] {
  const result = { succeeded: true, failure: null, accepted: 1, newestAsOf: noon };
  const proofs = [
    proofOf({ ...result, accepted: 0 }, noon),
    proofOf({ ...result, newestAsOf: noon - 1 }, noon),
    proofOf({ ...result, succeeded: false }, noon),
  ];
  return [
    ...proofs.flatMap((proof) => (proof.verified ? [] : [proof.failure])),
    ...(['minute_quota', 'day_quota', 'held'] as const).map((why) => noPermit({ reason: null }, { why, seconds: 60 })),
    noOutcome({ reason: null }, 0),
    noOutcome({ reason: null }, 5),
    abandoned({ begun: true }),
    abandoned({ begun: false }),
    sourceRemoved,
  ];
}

/** Every failure that pure code can end in, each once: of sources, logins, blobs and proofs. */
export async function everyFailure(): Promise<Failure[]> {
  const all = [
    ...(await ofAnswers()),
    ...(await ofSessions()),
    ...(await ofBrowserLogins()),
    ...(await ofLists()),
    ...ofParsers(),
    ...ofVerdicts(),
    ...ofProofs(),
  ];
  return [...new Map(all.map((failure) => [JSON.stringify(failure), failure])).values()];
}
