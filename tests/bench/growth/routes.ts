import * as z from 'zod';
import { symbolOf } from './fill.ts';

/** Ids that paths need: of something that the filled database has. */
export interface FilledIds {
  readonly runId: string;
  readonly batchId: string;
  readonly incidentId: string;
  readonly recoveryId: string;
}

const dayMs = 86_400_000;

/**
 * What is asked of the API, by route of the OpenAPI document: usual requests, and those that find little or nothing in much.
 * The first page of a list is what anybody asks for.
 */
export function questionsOf(
  { runId, batchId, incidentId, recoveryId }: FilledIds,
  now: number,
): ReadonlyMap<string, string[]> {
  const day = (before: number) => new Date(now - before * dayMs).toISOString().slice(0, 10);
  const at = (before: number) => encodeURIComponent(new Date(now - before * dayMs).toISOString());
  const symbols = Array.from({ length: 50 }, (_, n) => symbolOf(n + 1)).join();
  return new Map([
    [
      '/quotes',
      [
        '?limit=500',
        `?symbols=${symbols}`,
        '?source=yahoo',
        '?assetClass=etf&limit=5',
        '?assetClass=crypto',
        '?filter=qqzzxx',
        '?watched=1',
        '?limit=100&sort=-price&offset=400',
        '?limit=100&sort=price',
        '?limit=100&sort=-price&assetClass=equity&offset=200',
        '?limit=100&sort=-changeFraction&offset=200',
        '?limit=100&sort=-volume&offset=200',
      ].map((query) => `/quotes${query}`),
    ],
    ['/quotes/{symbol}', ['/quotes/AAPL', '/quotes/AAPL?explain=1', `/quotes/AAPL?knownAt=${at(3)}`, '/quotes/APLE.L']],
    ['/quotes/{symbol}/history', [`/quotes/AAPL/history?from=${day(20)}&limit=500`, '/quotes/AAPL/history?limit=50']],
    ['/bars/{symbol}', ['/bars/AAPL', `/bars/AAPL?from=${day(200)}&adjustment=splits`]],
    ['/bars', [`/bars?symbols=AAPL,SYM2,SYM3&from=${day(100)}`]],
    [
      '/instruments',
      [
        '?query=AA&limit=20',
        '?query=hold&limit=20',
        '?query=qqzzxx',
        '?query=qqzzxx&assetClass=etf',
        '?assetClass=etf&limit=5',
        '?limit=50',
      ].map((q) => `/instruments${q}`),
    ],
    ['/indices/{symbol}', ['/indices/%5EGSPC']],
    ['/indices/{symbol}/constituents', ['/indices/%5EGSPC/constituents?limit=100']],
    ['/coverage', ['/coverage?symbol=AAPL&interval=1d']],
    ['/exchanges', ['/exchanges']],
    ['/asset-classes', ['/asset-classes']],
    ['/sparklines', [`/sparklines?symbols=${symbols}`]],
    ['/findings', ['/findings?symbol=AAPL&status=open', '/findings?status=open&limit=50']],
    ['/watch', ['/watch?limit=50']],
    ['/watch/{symbol}', ['/watch/AAPL']],
    ['/sources', ['/sources']],
    ['/sources/{id}', ['/sources/yahoo']],
    ['/sources/{id}/health', ['/sources/yahoo/health']],
    [
      '/sources/{id}/health/history',
      ['/sources/yahoo/health/history?by=day', `/sources/yahoo/health/history?by=hour&from=${at(7)}`],
    ],
    ['/sources/{id}/symbols', ['/sources/yahoo/symbols?limit=50']],
    ['/sources/{id}/credentials', ['/sources/demo-broker/credentials']],
    [
      '/runs',
      [
        '?limit=50',
        '?status=failed',
        '?status=partial',
        '?status=running',
        '?sourceId=yahoo&status=running',
        '?sourceId=yahoo&limit=50',
      ].map((query) => `/runs${query}`),
    ],
    ['/runs/{id}', [`/runs/${runId}`]],
    ['/batches/{id}/statistics', [`/batches/${batchId}/statistics`]],
    [
      '/quarantine',
      ['/quarantine?limit=50', '/quarantine?sourceId=yahoo&reason=non_positive&limit=50', '/quarantine?reason=schema'],
    ],
    ['/incidents', ['/incidents?limit=50', '/incidents?status=open']],
    ['/incidents/{id}', [`/incidents/${incidentId}`]],
    ['/recoveries', ['/recoveries?limit=50', '/recoveries?status=running']],
    ['/backfills', ['/backfills']],
    ['/exports', ['/exports']],
    ['/services', ['/services']],
    ['/events', ['/events?after=1000']],
    ['/health', ['/health']],
    ['/health/history', ['/health/history']],
    ['/health/flow', ['/health/flow', '/health/flow?by=hour']],
    ['/diagnostics', ['/diagnostics']],
    ['/imports', ['/imports']],
    ['/models', ['/models']],
    ['/alerts/rules', ['/alerts/rules']],
    ['/alerts/channels', ['/alerts/channels']],
    ['/alerts/deliveries', ['/alerts/deliveries']],
    ['/recoveries/{id}', [`/recoveries/${recoveryId}`]],
    ['/quarantine/{id}', ['/quarantine/1']],
    ['/runs/{id}/answers', [`/runs/${runId}/answers`]],
    ['/keys', ['/keys']],
    ['/readyz', ['/readyz']],
  ]);
}

/** Routes that are not asked, and why. */
const notAsked: ReadonlyMap<string, string> = new Map([
  ...['/', '/openapi.json', '/events/schemas', '/events/asyncapi.json', '/livez', '/settings', '/session'].map(
    (path) => [path, 'reads no table that grows'] as const,
  ),
  ...['/public/status', '/public/badges/{badge}'].map((path) => [path, 'is off unless switched on'] as const),
  ...['/dead-letters', '/runs/{id}/answers/{n}', '/runs/{id}/artifacts/{name}'].map(
    (path) => [path, 'reads queues or S3'] as const,
  ),
  ...[
    '/backfills/{id}',
    '/exports/{id}',
    '/imports/{id}',
    '/imports/{id}/rows',
    '/models/{id}',
    '/replays/{id}',
    '/diagnostics/{id}',
    '/alerts/rules/{id}',
    '/alerts/deliveries/{id}',
  ].map((path) => [path, 'reads one row by its key, of what people make'] as const),
  ['/exports/{id}/files', 'reads the rows of one export, by its key'],
]);

const documentSchema = z.object({ paths: z.record(z.string(), z.looseObject({ get: z.unknown().optional() })) });
const noIds: FilledIds = { runId: '', batchId: '', incidentId: '', recoveryId: '' };

/** The read routes of an OpenAPI document that are neither asked nor left out with a reason. */
export function notMeasured(document: unknown): string[] {
  const asked = questionsOf(noIds, 0);
  return Object.entries(documentSchema.parse(document).paths).flatMap(([path, { get }]) =>
    get !== undefined && !asked.has(path) && !notAsked.has(path) ? [path] : [],
  );
}
