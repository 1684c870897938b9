import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { problemSchema, warningSchema } from '../../core/contracts/http/envelope.ts';
import { type KeyUse, keyUses, type LicenceClass } from '../../core/contracts/words/licence.ts';
import { makeKey, noon, testApi } from '../support/api-fixture.ts';
import { licensedSources, makeThings, type SourceThings } from '../support/licensed-rows.ts';
import { rawBlob } from '../support/raw-blob.ts';
import { useWorld } from '../support/use-world.ts';

/** Which classes a key of a use may see, written by hand. */
const seen: Record<KeyUse, readonly LicenceClass[]> = {
  internal: ['internal', 'display', 'redistribute', 'unknown'],
  display: ['display', 'redistribute'],
  redistribute: ['redistribute'],
};

/** A request of a route, by the things of one source where it is about one. */
interface Asked {
  readonly path: string;
  readonly body?: unknown;
  readonly accept?: string;
}
type Ask = (of: SourceThings, all: readonly SourceThings[]) => Asked;

/**
 * What a route shows:
 *   nothing     nothing that a source gave, to nobody
 *   each        of one source: it, or 403
 *   list        of all sources: what may be seen, and a warning where something is left out
 *   batch       the same, with an error for each symbol that is refused
 *   quiet       the same as list, without a warning: the route names every source, and shows nothing it said
 *   everything  of all sources at once: only to a key that sees every class
 *   accepts     an order about one source, or 403; its answer shows nothing
 */
type Shows = 'nothing' | 'each' | 'list' | 'batch' | 'quiet' | 'everything' | 'accepts';

const csv = 'text/csv';
const enc = encodeURIComponent;
/** The parameter that names the source, where the catalogue has it. */
const sourceIs = (of: SourceThings) => (of.id === 'forgotten' ? '' : `source=${of.id}`);
const nothing = (path: string, body?: unknown): [Shows, Ask] => ['nothing', () => ({ path, body })];
const each = (path: (of: SourceThings) => string, more: { accept?: string } = {}): [Shows, Ask] => [
  'each',
  (of) => ({ path: path(of), ...more }),
];
const list = (path: string): [Shows, Ask] => ['list', () => ({ path })];

/** Every route × what it shows. A new route fails here until someone has said what it shows of what sources gave. */
const routes: Record<string, readonly [Shows, Ask][]> = {
  'GET /quotes/{symbol}': [
    each((of) => `/quotes/${of.symbol}`),
    each((of) => `/quotes/${of.symbol}?explain=1`),
    each((of) => `/quotes/${of.symbol}?${sourceIs(of)}`),
    each((of) => `/quotes/${of.symbol}?knownAt=2026-11-20T15:00:00Z`),
  ],
  'GET /quotes/{symbol}/history': [
    each((of) => `/quotes/${of.symbol}/history`),
    each((of) => `/quotes/${of.symbol}/history`, { accept: csv }),
    each((of) => `/quotes/${of.symbol}/history?revisions=1&${sourceIs(of)}`),
  ],
  'GET /quotes': [
    list('/quotes'),
    list('/quotes?assetClass=index'),
    ['batch', (_, all) => ({ path: `/quotes?symbols=${all.map((of) => of.symbol).join()}` })],
    [
      'batch',
      (_, all) => ({ path: `/quotes?knownAt=2026-11-20T15:00:00Z&symbols=${all.map((of) => of.symbol).join()}` }),
    ],
  ],
  'POST /quotes/batch': [
    ['batch', (_, all) => ({ path: '/quotes/batch', body: { symbols: all.map((of) => of.symbol) } })],
  ],
  'GET /bars/{symbol}': [
    each((of) => `/bars/${of.symbol}`),
    each((of) => `/bars/${of.symbol}`, { accept: csv }),
    each((of) => `/bars/${of.symbol}?${sourceIs(of)}&knownAt=2026-11-20T15:00:00Z`),
  ],
  'GET /bars': [['batch', (_, all) => ({ path: `/bars?symbols=${all.map((of) => of.symbol).join()}` })]],
  'GET /coverage': [
    list('/coverage'),
    each((of) => `/coverage?symbol=${of.symbol}`),
    each((of) => `/coverage?symbol=${of.symbol}&from=2026-11-01`, { accept: csv }),
  ],
  'GET /instruments': [list('/instruments'), list('/instruments?query=mark')],
  'GET /indices/{symbol}': [each((of) => `/indices/${enc(of.index)}`)],
  'POST /indices/batch': [
    ['batch', (_, all) => ({ path: '/indices/batch', body: { symbols: all.map((of) => of.index) } })],
  ],
  'GET /indices/{symbol}/constituents': [
    each((of) => `/indices/${enc(of.index)}/constituents`),
    each((of) => `/indices/${enc(of.index)}/constituents`, { accept: csv }),
    each((of) => `/indices/${enc(of.index)}/constituents?${sourceIs(of)}`),
  ],
  'GET /runs': [list('/runs')],
  'GET /runs/{id}': [each((of) => `/runs/${of.runId}`), each((of) => `/runs/${of.backfillId}`)],
  'GET /runs/{id}/answers': [each((of) => `/runs/${of.runId}/answers`)],
  'GET /runs/{id}/answers/{n}': [each((of) => `/runs/${of.runId}/answers/0`)],
  'GET /runs/{id}/artifacts/{name}': [each((of) => `/runs/${of.runId}/artifacts/${of.artifact}`)],
  'POST /runs/{id}/replay': [['accepts', (of) => ({ path: `/runs/${of.runId}/replay` })]],
  'GET /batches/{id}/statistics': [each((of) => `/batches/${of.batchId}/statistics`)],
  'GET /quarantine': [list('/quarantine'), list('/quarantine?reason=unit_suspect')],
  'GET /quarantine/{id}': [each((of) => `/quarantine/${of.quarantineId}`)],
  'GET /findings': [list('/findings'), list('/findings?rule=dividends')],
  'POST /findings/{id}/accept': [each((of) => `/findings/${of.findingId}/accept`)],
  'POST /findings/{id}/dismiss': [each((of) => `/findings/${of.findingId}/dismiss`)],
  'GET /incidents': [list('/incidents')],
  'GET /incidents/{id}': [each((of) => `/incidents/${of.incidentId}`)],
  'GET /recoveries': [list('/recoveries')],
  'GET /recoveries/{id}': [each((of) => `/recoveries/${of.recoveryId}`)],
  'GET /backfills': [list('/backfills')],
  'GET /backfills/{id}': [each((of) => `/backfills/${of.backfillId}`)],
  'DELETE /backfills/{id}': [each((of) => `/backfills/${of.backfillId}`)],
  'GET /sources': [['quiet', () => ({ path: '/sources' })]],
  // Of these the tests below say more: what they show depends on what was asked for before, or on the source.
  'POST /backfills': [],
  'GET /watch': [],
  'GET /watch/{symbol}': [],
  'PUT /watch/{symbol}': [],
  // tests/contract/imports.test.ts: they are of imports, which have sources of their own.
  'POST /imports': [],
  'PUT /imports/{id}/parts/{part}': [],
  'POST /imports/{id}/finish': [],
  'GET /imports': [],
  'GET /imports/{id}': [],
  'GET /imports/{id}/rows': [],
  'POST /findings/accept': [],
  'POST /findings/dismiss': [],
  'POST /quarantine/replay': [],
  'POST /quarantine/discard': [],
  'GET /replays/{id}': [],
  // tests/component/exports.test.ts has them by key.
  'POST /exports': [],
  'GET /exports': [],
  'GET /exports/{id}': [],
  'GET /exports/{id}/files': [],
  'DELETE /exports/{id}': [],
  // tests/component/models.test.ts has them by key.
  'GET /models/{id}': [],
  'PUT /models/{id}': [],
  // tests/component/events.test.ts has them by key.
  'GET /events': [],
  // Counts of prices: tests/component/exchanges.test.ts and quote-list.test.ts have them by key.
  'GET /exchanges': [],
  'GET /asset-classes': [],
  'GET /sparklines': [['list', (_, all) => ({ path: `/sparklines?symbols=${all.map((of) => of.symbol).join()}` })]],
  'GET /sources/{id}': [],
  'GET /sources/{id}/health': [],
  'POST /sources/{id}/start': [],
  'POST /sources/{id}/continue': [],
  'POST /sources/{id}/stop': [],
  'POST /sources/{id}/run': [],

  'POST /diagnostics': [['everything', () => ({ path: '/diagnostics' })]],
  'GET /diagnostics': [['everything', () => ({ path: '/diagnostics' })]],
  'GET /diagnostics/{id}': [['everything', () => ({ path: `/diagnostics/${randomUUID()}` })]],
  'GET /dead-letters': [['everything', () => ({ path: '/dead-letters?queue=ingest' })]],

  'POST /instruments/{symbol}/change': [nothing('/instruments/NOBODY/change', { change: 'symbol', to: 'ELSE' })],
  'GET /sources/{id}/symbols': [nothing('/sources/yahoo/symbols')],
  'GET /sources/{id}/health/history': [nothing('/sources/yahoo/health/history')],
  'POST /sources/{id}/recover': [nothing('/sources/coingecko/recover')],
  'POST /sources/recover': [nothing('/sources/recover', { ids: ['demo-broker'] })],
  'GET /settings': [nothing('/settings')],
  'GET /services': [nothing('/services')],
  // What they say of a price is a warning: tests/component/alerts.test.ts has it by use.
  'POST /alerts/rules': [],
  'POST /alerts/rules/{id}/start': [],
  'GET /alerts/rules': [nothing('/alerts/rules')],
  'GET /alerts/rules/{id}': [nothing(`/alerts/rules/${randomUUID()}`)],
  'DELETE /alerts/rules/{id}': [nothing(`/alerts/rules/${randomUUID()}`)],
  'POST /alerts/rules/{id}/stop': [nothing(`/alerts/rules/${randomUUID()}/stop`)],
  'GET /alerts/channels': [nothing('/alerts/channels')],
  'POST /alerts/channels': [nothing('/alerts/channels', { name: 'a', kind: 'email', address: 'a@example.com' })],
  'DELETE /alerts/channels/{id}': [nothing(`/alerts/channels/${randomUUID()}`)],
  'POST /alerts/channels/{id}/start': [nothing(`/alerts/channels/${randomUUID()}/start`)],
  'POST /alerts/channels/{id}/stop': [nothing(`/alerts/channels/${randomUUID()}/stop`)],
  'POST /alerts/channels/{id}/test': [nothing(`/alerts/channels/${randomUUID()}/test`)],
  'GET /alerts/deliveries': [nothing('/alerts/deliveries')],
  'GET /alerts/deliveries/{id}': [nothing(`/alerts/deliveries/${randomUUID()}`)],
  'POST /alerts/deliveries/{id}/retry': [nothing(`/alerts/deliveries/${randomUUID()}/retry`)],
  'GET /events/schemas': [nothing('/events/schemas')],
  'GET /events/asyncapi.json': [nothing('/events/asyncapi.json')],
  'GET /models': [nothing('/models')],
  'DELETE /models/{id}': [nothing('/models/nobody')],
  'DELETE /watch/{symbol}': [nothing('/watch/NOBODY')],
  'POST /services/{id}/start': [nothing('/services/proxy/start')],
  'POST /services/{id}/stop': [nothing('/services/proxy/stop')],
  'POST /dead-letters/redrive': [nothing('/dead-letters/redrive', { queue: 'ingest' })],
  'POST /session': [nothing('/session', { token: 'none' })],
  'GET /session': [nothing('/session')],
  'DELETE /session': [nothing('/session')],
  'GET /keys': [nothing('/keys')],
  'POST /keys': [nothing('/keys', { name: 'more', scope: 'read' })],
  'DELETE /keys/{id}': [nothing(`/keys/${randomUUID()}`)],
  'GET /health': [nothing('/health')],
  'GET /health/history': [nothing('/health/history')],
  'GET /health/flow': [nothing('/health/flow')],
  'GET /public/status': [nothing('/public/status')],
  'GET /public/badges/{badge}': [nothing('/public/badges/yahoo.svg')],
  'GET /livez': [nothing('/livez')],
  'GET /readyz': [nothing('/readyz')],
  'GET /openapi.json': [nothing('/openapi.json')],
  'GET /': [nothing('/')],
};

const world = useWorld({ partitionsAt: new Date(noon), connections: 2, keepRows: true });
const keys: Record<KeyUse, string> = { internal: '', display: '', redistribute: '' };
let api: ReturnType<typeof testApi>;
let things: SourceThings[];

beforeAll(async () => {
  api = testApi(world.pool);
  for (const use of keyUses) keys[use] = await makeKey(world.pool, 'admin', null, use);
  things = [];
  for (const at of licensedSources.keys()) things.push(await makeThings(world.pool, at));
  for (const { id: sourceId, runId, marks } of things) {
    const body = marks.join(' ');
    const request = { method: 'GET', url: `https://source.invalid/?${marks[0]}`, headers: {}, symbols: [] };
    const blob = rawBlob({ runId, sourceId }, [{ body, request }]);
    await api.blobs.put(`raw/${sourceId}/2026-11-20/${runId}/0-1.json.gz`, blob);
  }
}, 60_000);

const visibleTo = (use: KeyUse) => things.filter((of) => seen[use].includes(of.licence));
const hiddenFrom = (use: KeyUse) => things.filter((of) => !seen[use].includes(of.licence));

async function answerOf(route: string, { path, body, accept }: Asked, use: KeyUse) {
  const [method = 'GET'] = route.split(' ');
  const headers = { ...(accept === undefined ? {} : { accept }) };
  const json = method === 'GET' || body === undefined ? {} : { json: body };
  const answer = await api.ask(path, { method, key: keys[use], headers, ...json });
  const text = await answer.clone().text();
  return { status: answer.status, answer, text: `${text}\n${JSON.stringify([...answer.headers])}` };
}

const codeOf = async (answer: Response) => problemSchema.parse(await answer.json()).code;
const warned = async (answer: Response) =>
  z
    .object({ warnings: z.array(warningSchema) })
    .parse(await answer.json())
    .warnings.map((warning) => warning.code);

/** Whether an answer has anything of a source in it. */
const has = (text: string, of: SourceThings) => of.marks.some((mark) => text.includes(mark));

it('every route says what it shows, and stands in this table', () => {
  const declared = Object.fromEntries(
    api.app.specs.map((spec) => [`${spec.method.toUpperCase()} ${spec.path}`, spec.shows]),
  );
  expect(Object.keys(declared).sort()).toEqual(Object.keys(routes).sort());
  for (const [route, rows] of Object.entries(routes))
    for (const [shows] of rows)
      expect([route, declared[route]]).toEqual([
        route,
        shows === 'nothing' || shows === 'everything' ? shows : 'visible',
      ]);
});

const table = Object.entries(routes).flatMap(([route, rows]) =>
  rows.flatMap(([shows, ask], row) => keyUses.map((use) => ({ route, row, use, shows, ask }))),
);

describe('what a key sees', () => {
  it.each(table)('$route (row $row) with use $use: $shows', async ({ route, use, shows, ask }) => {
    const [anything] = things;
    if (!anything) throw new Error('no source');
    if (shows === 'each' || shows === 'accepts') {
      for (const of of things) {
        const { status, answer, text } = await answerOf(route, ask(of, things), use);
        if (seen[use].includes(of.licence)) {
          expect([of.id, status]).toEqual([of.id, shows === 'accepts' ? 202 : status === 303 ? 303 : 200]);
          if (shows === 'each') expect(has(text, of), text).toBe(true);
        } else {
          expect([of.id, status, await codeOf(answer)]).toEqual([of.id, 403, 'licence_forbids']);
          expect(text).not.toContain(of.marks[0]);
        }
        for (const other of things.filter((each) => each !== of)) expect(has(text, other), text).toBe(false);
      }
      return;
    }
    const { status, answer, text } = await answerOf(route, ask(anything, things), use);
    if (shows === 'everything') {
      const refused = status === 403 && (await codeOf(answer)) === 'licence_forbids';
      expect([use, refused]).toEqual([use, use !== 'internal']);
      return;
    }
    if (shows === 'nothing') {
      expect(status).not.toBe(403);
      for (const of of things) expect(has(text, of), text).toBe(false);
      return;
    }
    expect(status).toBe(200);
    // A source that no catalogue names is in no list of sources.
    for (const of of visibleTo(use))
      if (shows !== 'quiet' || of.id !== 'forgotten') expect(has(text, of), of.id).toBe(true);
    for (const of of hiddenFrom(use)) {
      expect(text).not.toContain(of.marks[0]);
      // A symbol that was asked for is named in its refusal.
      if (shows !== 'batch') expect(text).not.toContain(of.marks[1]);
    }
    const left = shows !== 'quiet' && use !== 'internal';
    expect((await warned(answer)).filter((code) => code === 'licence_forbids')).toEqual(
      left ? ['licence_forbids'] : [],
    );
    if (shows === 'batch')
      expect(text.split('"code":"licence_forbids"').length - 2).toBe(left ? hiddenFrom(use).length : -1);
  });
});
