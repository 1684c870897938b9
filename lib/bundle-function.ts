import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { buildSync } from 'esbuild';
import * as z from 'zod';
import { type FunctionName, functionNames, insideFunctions } from '../core/contracts/functions.ts';
import { importFolder } from '../core/contracts/words/imports.ts';
import { catalogue } from '../core/sources/catalogue.ts';
import type { SourceDefinition } from '../core/sources/definition.ts';
import { sourceHash } from './source-hash.ts';

const root = resolve(import.meta.dirname, '..');

/** The folder of a bundle with the root certificates of RDS, a file for each region. */
export const rootsFolder = 'roots';

/** Folders that a function reads at run time, copied beside its bundle. */
function foldersOf(name: FunctionName): readonly { readonly from: string; readonly to: string }[] {
  return [
    ...(name === 'migrate' ? [{ from: 'core/adapters/postgres/migrations', to: 'migrations' }] : []),
    ...(insideFunctions.includes(name) ? [{ from: 'core/adapters/postgres/roots', to: rootsFolder }] : []),
  ];
}

/**
 * Packages that cannot be bundled because they look for files beside their own. They are copied with their
 * dependencies.
 */
const packages: Partial<Record<FunctionName, readonly string[]>> = {
  'scrape-browser': ['playwright-core', '@sparticuz/chromium'],
};

/**
 * Functions that read answers (they call `parserOf`), with the kinds of sources whose answers they read. Parsers of other
 * sources are left out of their bundles, and all parsers are left out of the bundles of other functions.
 */
export const answerReaders: Partial<Record<FunctionName, readonly SourceDefinition['kind'][]>> = {
  'scrape-api': ['api'],
  'scrape-browser': ['browser'],
  ingest: ['api', 'browser'],
};

/**
 * Credential providers that a Lambda never uses: its credentials come from the environment, which the SDK reads first.
 * Together they would add a tenth of a megabyte to each function.
 */
const neverLoaded = [
  ...['ini', 'sso', 'process', 'web-identity'].map((name) => `@aws-sdk/credential-provider-${name}`),
  // Of instances, and of roles that are assumed.
  '@smithy/credential-provider-imds',
  '@aws-sdk/nested-clients',
];

/**
 * The parser alone in place of its package's index, which brings a DOM, a serialiser and a second table of entities: what is
 * imported lazily, as the parsers of pages are, esbuild takes whole. A tenth of a megabyte.
 */
const lean = {
  // Of the registry of schemas of Confluent, which comes with the client of Kafka and which nothing here asks.
  avsc: 'node:util',
  // With its program in it, which it would look for in a file beside its own.
  '@platformatic/wasm-utils': join(root, 'node_modules', '@platformatic', 'wasm-utils', 'dist', 'bundled.js'),
  htmlparser2: join(root, 'node_modules', 'htmlparser2', 'dist', 'esm', 'Parser.js'),
};

/**
 * Bundles `functions/<name>/handler.ts` into `folder/index.js`, as it is deployed. Synth, the size budget and the bench
 * all use this.
 *
 * - CommonJS for Node 24: an ES module that imports `node:http` makes Node load all of `fetch` with it, used or not, a
 *   fifth of a cold start. `import.meta.url`, which CommonJS lacks, is made by the banner.
 * - The AWS SDK is bundled: it starts faster than the runtime's copy, and emulators have none.
 * - Names are kept, so that an error's class can be read in a log; no source map, which would be larger than the code.
 * - Bundles of the same sources are made once: half the time of a deployment goes into them.
 * - With Chromium `elsewhere`, its 66 MB are left out: the setting `chromiumPack` says where they are.
 */
export function bundleFunction(
  name: FunctionName,
  folder: string,
  chromium: 'bundled' | 'elsewhere' = 'bundled',
): void {
  cpSync(cachedBundle(name), join(folder, 'index.js'));
  for (const { from, to } of foldersOf(name)) cpSync(join(root, from), join(folder, to), { recursive: true });
  const left = (path: string) => skipped.test(path) || (chromium === 'elsewhere' && packed.test(path));
  for (const place of placesOf(packages[name] ?? [])) {
    cpSync(join(root, place), join(folder, place), { recursive: true, filter: (path) => !left(path) });
  }
}

/** Everything a bundle is made of. The lock file stands for node_modules. */
const sources = ['package-lock.json', 'lib/bundle-function.ts', 'core', 'functions'];
const kept = join(root, 'node_modules', '.cache', 'quotron-bundles');
let fingerprint: string | undefined;

/** The bundle of a function's current sources. */
function cachedBundle(name: FunctionName): string {
  entryOf(name);
  fingerprint ??= sourceHash(sources);
  const place = join(kept, fingerprint);
  if (!existsSync(place)) makeBundles(place);
  return join(place, `${name}.js`);
}

/** Bundles all functions, into a temporary folder first, so that no other process finds an incomplete one. */
function makeBundles(place: string): void {
  mkdirSync(kept, { recursive: true });
  for (const old of readdirSync(kept))
    if (!old.startsWith('half-')) rmSync(join(kept, old), { recursive: true, force: true });
  const half = mkdtempSync(join(kept, 'half-'));
  try {
    build(half);
    renameSync(half, place);
  } catch (error) {
    rmSync(half, { recursive: true, force: true });
    // Another process may have finished first.
    if (!existsSync(place)) throw error;
  }
}

function entryOf(name: FunctionName): string {
  const entry = join(root, 'functions', name, 'handler.ts');
  if (existsSync(entry)) return entry;
  throw new Error(
    `Function ${name} has no functions/${name}/handler.ts, so there is nothing to bundle. Add the handler, or remove the name from core/contracts/functions.ts.`,
  );
}

/** Functions that read the same sources are bundled in one run of esbuild, because they share most of their files. */
function build(outdir: string): void {
  const readAlike = Map.groupBy(functionNames, (name) => answerReaders[name]?.join() ?? '');
  for (const names of readAlike.values()) buildTogether(names, parsersUnreadBy(names[0]), outdir);
}

/** The parsers that a function leaves out, as paths. esbuild finds them behind the lazy imports of the sources. */
function parsersUnreadBy(name: FunctionName | undefined): string[] {
  const kinds = name && answerReaders[name];
  const unread = catalogue.filter((source) => !kinds?.includes(source.kind));
  // Imports are read by `ingest` alone.
  const imports = name === 'ingest' ? [] : [{ id: importFolder }];
  return [...unread, ...imports].map(({ id }) => join(root, 'core', 'sources', id, 'parse.ts'));
}

function buildTogether(names: readonly FunctionName[], leftOut: readonly string[], outdir: string): void {
  buildSync({
    entryPoints: Object.fromEntries(names.map((name) => [name, entryOf(name)])),
    outdir,
    absWorkingDir: root,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node24',
    mainFields: ['module', 'main'],
    minify: true,
    keepNames: true,
    sourcemap: false,
    legalComments: 'none',
    alias: lean,
    // What `pg` and the client of Kafka look for and do without.
    external: ['pg-native', 'protobufjs', ...neverLoaded, ...Object.values(packages).flat(), ...leftOut],
    banner: { js: "const fileUrl=require('node:url').pathToFileURL(__filename).href;" },
    define: { 'import.meta.url': 'fileUrl' },
    logLevel: 'error',
  });
}

/** Files of packages that no function runs: types, source maps, and Playwright's pages for reports and traces. */
const skipped = /\.(d\.ts|map|md)$|playwright-core\/(types|lib\/vite)(\/|$)/;

/** Chromium itself, which local functions share. */
const packed = /@sparticuz\/chromium\/bin(\/|$)/;

/** Dependencies that a package names for another runtime than Node: Bare. */
const foreign = /^bare-/;

const manifestSchema = z.object({ dependencies: z.record(z.string(), z.string()).default({}) });

/** The folders of packages and all their dependencies, relative to the root. npm nests some of them. */
function placesOf(names: readonly string[]): ReadonlySet<string> {
  const found = new Set(names.map((name) => placeOf(name, '')));
  for (const place of found) {
    const manifest: unknown = JSON.parse(readFileSync(join(root, place, 'package.json'), 'utf8'));
    for (const name of Object.keys(manifestSchema.parse(manifest).dependencies))
      if (!foreign.test(name)) found.add(placeOf(name, place));
  }
  return found;
}

/** The folder in which Node finds a package for the package at `from`: below it, or below one of its parents. */
function placeOf(name: string, from: string): string {
  const place = join(from, 'node_modules', name);
  if (existsSync(join(root, place, 'package.json'))) return place;
  if (from === '')
    throw new Error(`The package ${name} is not installed, so the function that needs it cannot be bundled: npm ci.`);
  return placeOf(name, from.slice(0, Math.max(0, from.lastIndexOf('node_modules') - 1)));
}
