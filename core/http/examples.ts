import { credentialsFormOf } from '../auth/credentials.ts';
import { catalogue } from '../sources/catalogue.ts';
import type { RouteSpec } from './route.ts';

/** A request that an operation takes, as the API's page and the OpenAPI document show it. */
export interface ExampleRequest {
  readonly path: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** The media type that is asked for, where the route has several. */
  readonly accept?: string;
}

/** What a person would write for a parameter of a path, by the word before it. */
const ids: Readonly<Record<string, string>> = {
  sources: 'yahoo',
  services: 'scrapers',
  batches: '1042',
  quarantine: '1042',
  findings: '1042',
  indices: '^GSPC',
  quotes: 'AAPL',
  bars: 'AAPL',
  instruments: 'AAPL',
  watch: 'SHOP',
  models: 'sixty-forty',
  parts: '0',
  artifacts: 'page.html',
  answers: '1',
};
/** Of the sources that need credentials, one that takes a key. */
const sourceWithKey = catalogue.find(({ session }) => credentialsFormOf(session) === 'api-key')?.id ?? 'none';
const usualId = '0198a7c0-1c2d-5e3f-8a4b-5c6d7e8f9a0b';

/** Requests that are more than their path. `tests/component/examples.test.ts` compares them with the routes. */
const more: Readonly<Record<string, Partial<Omit<ExampleRequest, 'path'>>>> = {
  'post /session': { body: { token: 'the-one-that-npm-start-prints' } },
  'get /quotes': { query: { symbols: 'AAPL,VOD.L,BTC-USD' } },
  'get /quotes/{symbol}': { query: { explain: '1' } },
  'post /quotes/batch': { body: { symbols: ['AAPL', 'VOD.L', 'BTC-USD'] } },
  'get /quotes/{symbol}/history': { query: { from: '2026-11-01', limit: '100' } },
  'get /bars/{symbol}': { query: { interval: '1d', from: '2026-01-01', adjustment: 'splits_and_dividends' } },
  'get /bars': { query: { symbols: 'AAPL,VOD.L', from: '2026-01-01', adjustment: 'splits' } },
  'get /sparklines': { query: { symbols: 'AAPL,VOD.L,BTC-USD' } },
  'get /coverage': { query: { symbol: 'AAPL', interval: '1d' } },
  'get /instruments': { query: { query: 'apple', limit: '10' } },
  'post /instruments/{symbol}/change': { body: { change: 'symbol', to: 'APPL', from: '2026-12-01' } },
  'post /indices/batch': { body: { symbols: ['^GSPC', '^DJI'] } },
  'get /indices/{symbol}/constituents': { query: { limit: '10' } },
  'get /sources/{id}/health/history': { query: { by: 'day' } },
  'post /sources/{id}/run': { body: { job: 'quotes' } },
  'post /sources/recover': { body: { failing: true } },
  'get /runs': { query: { sourceId: 'yahoo', limit: '10' } },
  'get /incidents': { query: { status: 'open' } },
  'post /backfills': { body: { sourceId: 'yahoo', symbols: ['AAPL'], from: '2020-01-01', dryRun: true } },
  'post /exports': { body: { symbols: ['AAPL', 'VOD.L'], intervals: ['tick', '1d'], from: '2026-01-01' } },
  'get /quarantine': { query: { sourceId: 'yahoo', limit: '10' } },
  'post /quarantine/discard': { body: { ids: ['1042'], because: 'a test of the feed' } },
  'post /quarantine/replay': { body: { sourceId: 'yahoo' } },
  'get /findings': { query: { symbol: 'AAPL', status: 'open' } },
  'post /findings/accept': { body: { ids: ['1042'] } },
  'post /findings/dismiss': { body: { ids: ['1042'] } },
  'get /dead-letters': { query: { queue: 'ingest' } },
  'post /dead-letters/redrive': { body: { queue: 'ingest' } },
  'post /keys': { body: { name: 'notebook', scope: 'read' } },
  'post /imports': { body: { kind: 'bars', licence: 'internal', label: 'vendor.csv' } },
  'get /models/{id}': { query: { amount: '250000' } },
  'put /models/{id}': {
    body: {
      name: 'Sixty forty',
      holdings: [
        { symbol: 'AAPL', weight: 0.6, sector: 'Technology' },
        { symbol: 'VOD.L', weight: 0.4, sector: 'Communication Services' },
      ],
    },
  },
  'put /imports/{id}/parts/{part}': {
    body: { bytes: 81_234, sha256: '47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=' },
  },
  'post /imports/{id}/finish': { body: { parts: 1 } },
  'post /alerts/rules': {
    body: {
      name: 'Apple over 300',
      when: { kind: 'price_above', symbol: 'AAPL', price: 300 },
      channelIds: [usualId],
      quietHours: { from: '22:00', to: '07:00', zone: 'Europe/Berlin' },
    },
  },
  'post /alerts/channels': { body: { name: 'ops', kind: 'webhook', url: 'https://example.com/hooks/quotron' } },
  'get /alerts/deliveries': { query: { status: 'dead', limit: '10' } },
  'get /health/history': { query: { by: 'day' } },
  'get /health/flow': { query: { by: 'hour' } },
  'get /events': { accept: 'application/json' },
  'put /sources/{id}/credentials': { body: { apiKey: 'the-key-that-the-source-gave-you' } },
};

/** The example of an operation. */
export function exampleOf({ method, path }: Pick<RouteSpec, 'method' | 'path'>): ExampleRequest {
  const words = path.split('/');
  const parameters = words.flatMap((word, at) => {
    const name = /^\{(\w+)\}$/.exec(word)?.[1];
    const before = words[at - 1] ?? '';
    const value = Object.hasOwn(ids, before) ? ids[before] : undefined;
    return name === undefined ? [] : [[name, path.endsWith('/credentials') ? sourceWithKey : (value ?? usualId)]];
  });
  const key = `${method} ${path}`;
  const given = Object.hasOwn(more, key) ? more[key] : undefined;
  return { path: Object.fromEntries(parameters), query: {}, ...given };
}

/** The same request in three languages. They read the address and the key from the environment and hold neither. */
export interface CodeSample {
  readonly lang: 'Shell' | 'Python' | 'TypeScript';
  readonly label: 'curl' | 'Python' | 'TypeScript';
  readonly source: string;
}

/** How the example of an operation is sent with curl, Python and TypeScript. */
export function codeSamplesOf(spec: RouteSpec): readonly CodeSample[] {
  const { path, query, body, accept } = exampleOf(spec);
  const values = new Map(Object.entries(path));
  const filled = spec.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(values.get(name) ?? ''));
  const route = `/api/v1${filled}`;
  const asked = {
    ...{ method: spec.method, route, query, body, accept },
    keyed: spec.access !== 'public',
    enveloped: spec.data !== undefined,
    empty: spec.status === 204,
  };
  return [
    { lang: 'Shell', label: 'curl', source: inCurl(asked) },
    { lang: 'Python', label: 'Python', source: inPython(asked) },
    { lang: 'TypeScript', label: 'TypeScript', source: inTypeScript(asked) },
  ];
}

interface Asked {
  readonly method: RouteSpec['method'];
  readonly route: string;
  readonly query: Readonly<Record<string, string>>;
  readonly body: unknown;
  readonly accept: string | undefined;
  readonly keyed: boolean;
  readonly enveloped: boolean;
  readonly empty: boolean;
}

function target({ route, query }: Asked): string {
  const search = new URLSearchParams(query).toString().replaceAll('%2C', ',').replaceAll('+', '%20');
  return search === '' ? route : `${route}?${search}`;
}

function inCurl(asked: Asked): string {
  const { method, body, accept, keyed } = asked;
  const options = [
    ...(method === 'get' ? [] : [`-X ${method.toUpperCase()}`]),
    ...(keyed ? ['-H "x-api-key: $QUOTRON_API_KEY"'] : []),
    ...(accept === undefined ? [] : [`-H 'accept: ${accept}'`]),
    ...(body === undefined ? [] : ["-H 'content-type: application/json'", `-d '${JSON.stringify(body)}'`]),
  ];
  return [`curl "$QUOTRON_URL${target(asked)}"`, ...options].join(' \\\n  ');
}

function inPython({ method, route, query, body, accept, keyed, enveloped, empty }: Asked): string {
  const headers = [
    ...(keyed ? ['"x-api-key": os.environ["QUOTRON_API_KEY"]'] : []),
    ...(accept === undefined ? [] : [`"accept": "${accept}"`]),
  ];
  const parameters = Object.entries(query);
  const lines = [
    `    os.environ["QUOTRON_URL"] + ${JSON.stringify(route)},`,
    ...(headers.length > 0 ? [`    headers={${headers.join(', ')}},`] : []),
    ...(parameters.length > 0 ? [`    params=${pythonValue(query)},`] : []),
    ...(body === undefined ? [] : [`    json=${pythonValue(body)},`]),
  ];
  const shown = empty ? 'answer.status_code' : enveloped ? 'answer.json()["data"]' : 'answer.text';
  return ['import os', 'import requests', '', `answer = requests.${method}(`, ...lines, ')', `print(${shown})`].join(
    '\n',
  );
}

function inTypeScript(asked: Asked): string {
  const { method, body, accept, keyed, enveloped, empty } = asked;
  const headers = [
    ...(keyed ? ["'x-api-key': process.env.QUOTRON_API_KEY ?? ''"] : []),
    ...(accept === undefined ? [] : [`accept: '${accept}'`]),
    ...(body === undefined ? [] : ["'content-type': 'application/json'"]),
  ];
  const options = [
    ...(method === 'get' ? [] : [`  method: '${method.toUpperCase()}',`]),
    ...(headers.length === 0 ? [] : [`  headers: { ${headers.join(', ')} },`]),
    ...(body === undefined ? [] : [`  body: JSON.stringify(${scriptValue(body)}),`]),
  ];
  const url = `\`\${process.env.QUOTRON_URL}${target(asked)}\``;
  const call =
    options.length === 0
      ? `const answer = await fetch(${url});`
      : `const answer = await fetch(${url}, {\n${options.join('\n')}\n});`;
  if (empty) return `${call}\nconsole.log(answer.status);`;
  return enveloped
    ? `${call}\nconst { data } = await answer.json();\nconsole.log(data);`
    : `${call}\nconsole.log(await answer.text());`;
}

function pythonValue(value: unknown): string {
  if (value === true) return 'True';
  if (value === false) return 'False';
  if (value === null || value === undefined) return 'None';
  if (Array.isArray(value)) return `[${value.map(pythonValue).join(', ')}]`;
  if (typeof value === 'object')
    return `{${Object.entries(value)
      .map(([name, each]) => `${JSON.stringify(name)}: ${pythonValue(each)}`)
      .join(', ')}}`;
  return JSON.stringify(value);
}

function scriptValue(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(scriptValue).join(', ')}]`;
  if (typeof value === 'object' && value !== null)
    return `{ ${Object.entries(value)
      .map(([name, each]) => `${name}: ${scriptValue(each)}`)
      .join(', ')} }`;
  return typeof value === 'string' ? `'${value}'` : JSON.stringify(value);
}
