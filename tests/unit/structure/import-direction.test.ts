import { describe, expect, it } from 'vitest';
import { importsOf, realTree } from '../../support/source-tree.ts';

/** Layers of `core`, innermost first: each may import itself and what is before it. */
const layers = [
  ['market'],
  ['contracts'],
  ['sources'],
  ['alerts', 'events', 'planning', 'prices', 'coverage', 'models', 'health', 'diagnosis', 'recovery', 'proxy'],
  ['ports'],
  ['auth', 'scraping', 'serving', 'http', 'runtime'],
  ['adapters'],
];

/** What each top folder may import besides itself. `core/*` is settled by `layers`. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  bin: ['lib/', 'core/contracts/'],
  lib: [
    'core/contracts/',
    'core/market/',
    ...['catalogue', 'definition', 'quotas'].map((name) => `core/sources/${name}.ts`),
  ],
  functions: ['core/'],
  // `quotron proxy` and `quotron migrate` run the functions' own work in a process; run.mjs finds the Node that the project
  // pins; `quotron doctor` looks at what `npm start` needs, and `quotron logs` masks as the functions do. `quotron deploy`
  // knows the settings of a stage before it builds anything.
  cli: [
    'bin/stage-file.ts',
    'bin/stages.ts',
    'lib/cost/',
    'lib/executions.ts',
    'lib/stage-settings.ts',
    'core/contracts/',
    'core/market/',
    'functions/yahoo-proxy/standalone.ts',
    'functions/migrate/standalone.ts',
    // What a deployment costs a month.
    'lib/cost/',
    'core/auth/redact.ts',
    ...['python', 'ports', 'problem', 'progress', 'settings', 'state-folder', 'web-build'].map(
      (name) => `localstack/${name}.ts`,
    ),
    'localstack/run.mjs',
  ],
  web: ['core/contracts/'],
  localstack: ['core/', 'functions/', 'lib/'],
};

/** Rooms of the dashboard, innermost first. The files beside them, which put it together, may import all. */
const webLayers = [
  ['text', 'theme'],
  ['reference'],
  ['api', 'live', 'market', 'sources'],
  ['components'],
  ['actions'],
  ['layout'],
  ['pages'],
];

/** Why a room of the dashboard may not import another, or `null`. */
function webViolation(from: string, to: string): string | null {
  const roomOf = (file: string) => file.split('/').slice(2, -1)[0];
  const [room, toRoom] = [roomOf(from), roomOf(to)];
  if (room === undefined) return null;
  const layer = webLayers.findIndex((rooms) => rooms.includes(room));
  const toLayer = toRoom === undefined ? webLayers.length : webLayers.findIndex((rooms) => rooms.includes(toRoom));
  if (layer === -1 || toLayer === -1) return `${from} or ${to} is in no layer`;
  return toLayer > layer ? `${from} imports ${to}: data knows nothing of what shows it` : null;
}

/** Why a file may not import another, or `null`. Paths are relative to the root. */
function violation(from: string, to: string): string | null {
  const [top = '', room = ''] = from.split('/');
  const [toTop = '', toRoom = ''] = to.split('/');
  if (top === 'tests') return null;
  if (top === 'core') {
    if (toTop !== 'core') return `${from} imports ${to}: core knows no ${toTop}`;
    const layer = layers.findIndex((rooms) => rooms.includes(room));
    const toLayer = layers.findIndex((rooms) => rooms.includes(toRoom));
    if (layer === -1 || toLayer === -1) return `${from} or ${to} is in no layer`;
    return toLayer > layer ? `${from} imports ${to}: imports point inwards` : null;
  }
  // The page of the API is rendered from what the function itself answers.
  if (from === 'web/reference/print.ts' && to === 'functions/api/handler.ts') return null;
  if (top === 'web' && toTop === 'web') return to.startsWith('web/src/') ? webViolation(from, to) : null;
  if (toTop === top) return null;
  const allowed = mayImport[top]?.some((prefix) => to.startsWith(prefix)) ?? false;
  return allowed ? null : `${from} imports ${to}: ${top} may not`;
}

describe('imports point inwards', () => {
  const tree = realTree();
  const files = [...tree.keys()].filter((file) => !/^tests\//.test(file) && !file.endsWith('.css'));

  it('in every file', () => {
    expect(files.length).toBeGreaterThan(300);
    expect(files.flatMap((file) => importsOf(tree, file).flatMap((to) => violation(file, to) ?? []))).toEqual([]);
  });

  it.each([
    ['core/market/quote.ts', 'core/contracts/blob.ts'],
    ['core/contracts/blob.ts', 'core/ports/clock.ts'],
    ['core/prices/check.ts', 'core/adapters/postgres/database/pool.ts'],
    ['core/adapters/s3/raw-store.ts', 'functions/ingest/handler.ts'],
    ['functions/api/app.ts', 'lib/stacks/api-stack.ts'],
    ['lib/stacks/api-stack.ts', 'core/adapters/postgres/database/pool.ts'],
    ['lib/stacks/api-stack.ts', 'core/sources/yahoo/parse.ts'],
    ['web/src/app.tsx', 'core/sources/catalogue.ts'],
    ['web/src/api/queries.ts', 'web/src/components/toasts.tsx'],
    ['web/src/components/page.tsx', 'web/src/pages/market/market-page.tsx'],
    ['web/src/layout/frame.tsx', 'web/src/router.tsx'],
    ['cli/quotron.ts', 'core/adapters/postgres/database/pool.ts'],
    ['core/lost/thing.ts', 'core/market/quote.ts'],
  ])('refuses %s importing %s', (from, to) => {
    expect(violation(from, to)).not.toBeNull();
  });
});
