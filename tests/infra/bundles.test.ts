import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { needsCredentials } from '../../core/auth/credentials.ts';
import {
  type FunctionName,
  functionNames,
  insideFunctions,
  optionalFunctions,
} from '../../core/contracts/functions.ts';
import { settingNames } from '../../core/contracts/settings.ts';
import { catalogue, sourcesOf } from '../../core/sources/catalogue.ts';
import { answerReaders, bundleFunction } from '../../lib/bundle-function.ts';
import { importsOf, realTree } from '../support/source-tree.ts';
import { cloudStages, functionsOf } from './synthesize.ts';

const folder = mkdtempSync(join(tmpdir(), 'quotron-bundles-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/**
 * Bytes of a function's own bundle. The browser's, whose packages weigh a hundred times that, may have a little more, and the
 * API's, which has every route and reads the archive: the reader of Parquet is 60 kB of it, run only when an old month is asked
 * for.
 */
const budgets: Partial<Record<FunctionName, number>> = {
  'scrape-browser': 1_300_000,
  api: 1_350_000,
};
const budgetOf = (name: FunctionName) => budgets[name] ?? 1_150_000;

/** What Lambda takes at most is 250 MB, unzipped. */
const most = 240_000_000;

const pagesAskForLogin = sourcesOf('prod').some((source) => source.kind === 'browser' && needsCredentials(source));

const tree = realTree();

/** A function's files: its handler's, and all that they import but what reads any setting by its name. */
function filesOf(handler: string): string[] {
  const files = new Set([handler]);
  for (const file of files)
    for (const to of importsOf(tree, file)) if (to !== 'core/runtime/settings.ts') files.add(to);
  return [...files];
}

describe.each(functionNames)('%s', (name) => {
  const out = join(folder, name);

  it('is bundled into little, that Node can read', () => {
    bundleFunction(name, out);
    const files = readdirSync(out, { recursive: true, withFileTypes: true }).filter((file) => file.isFile());
    const sizes = files.map((file) => {
      const path = join(file.parentPath, file.name);
      return { own: !path.includes('node_modules'), size: statSync(path).size };
    });
    const sum = (of: typeof sizes) => of.reduce((total, { size }) => total + size, 0);
    expect(sum(sizes.filter(({ own }) => own))).toBeLessThan(budgetOf(name));
    expect(sum(sizes)).toBeLessThan(most);
    const check = spawnSync(process.execPath, ['--check', join(out, 'index.js')], { encoding: 'utf8' });
    expect(check.stderr).toBe('');
  });

  it('has the parsers of the sources whose answers it reads, and no others', async () => {
    const bundle = readFileSync(join(out, 'index.js'), 'utf8');
    const kinds = answerReaders[name] ?? [];
    for (const { id, kind, parser } of catalogue)
      expect(bundle.includes((await parser()).version), id).toBe(kinds.includes(kind));
    // Whatever gets parsers is listed as a reader, or else a source would be missing when it runs.
    expect(bundle.includes('"parserOf"')).toBe(kinds.length > 0);
    expect(bundle.includes('is not a simple selector')).toBe(kinds.includes('browser'));
  });

  const deployed = optionalFunctions.includes(name) ? [] : cloudStages;
  it.each(deployed)('is given in %s every setting that it cannot do without', (stage) => {
    const code = filesOf(`functions/${name}/handler.ts`)
      .map((file) => tree.get(file) ?? '')
      .join('\n');
    const wanted = [...code.matchAll(/\b(?:setting|mapSetting)\('(\w+)'\)/g)].map(([, key]) => key);
    const given = Object.keys(functionsOf(stage).get(name)?.variables ?? {});
    for (const [key, variable] of Object.entries(settingNames)) {
      // The simulated upstreams of a laptop; on AWS the catalogue's own addresses hold. And there no page asks for a login.
      const spared =
        key === 'sourceUrls' ||
        (/^(credentialSecrets|sessionKeySecret)$/.test(key) && name === 'scrape-browser' && !pagesAskForLogin);
      if (!spared && wanted.includes(key)) expect(given).toContain(variable);
    }
    if (code.includes('databaseSettings('))
      expect(given).toEqual(expect.arrayContaining(['DB_HOST', 'DB_NAME', 'DB_USER']));
  });
});

it('the bundle of migrate carries the SQL of every migration', () => {
  const migrations = readdirSync(join(import.meta.dirname, '../../core/adapters/postgres/migrations'));
  expect(readdirSync(join(folder, 'migrate', 'migrations')).sort()).toEqual(migrations.sort());
  expect(migrations.length).toBeGreaterThan(0);
});

it('what logs in to the database, and nothing else, carries the root certificates of RDS where its setting says', () => {
  for (const name of functionNames) {
    const inside = insideFunctions.includes(name);
    expect(existsSync(join(folder, name, 'roots', 'us-east-1.pem')), name).toBe(inside);
    for (const stage of cloudStages)
      expect(functionsOf(stage).get(name)?.variables['DB_ROOTS'], name).toBe(
        inside && !optionalFunctions.includes(name) ? '/var/task/roots' : undefined,
      );
  }
});

it('the bundle of the browser’s scraper has Chromium and Playwright, found from where they lie', async () => {
  const out = join(folder, 'scrape-browser');
  const find = createRequire(join(out, 'index.js'));
  expect(find.resolve('playwright-core')).toContain(out);
  const chromium = await import(find.resolve('@sparticuz/chromium'));
  expect(chromium.default.args).toContain('--no-sandbox');
  expect(readdirSync(join(out, 'node_modules', '@sparticuz', 'chromium', 'bin'))).toContain('chromium.br');
});

it('on a laptop the browser’s scraper finds Chromium elsewhere', () => {
  const out = join(folder, 'of-a-laptop');
  bundleFunction('scrape-browser', out, 'elsewhere');
  const files = readdirSync(out, { recursive: true }).map(String);
  expect(files.filter((file) => file.endsWith('.br'))).toEqual([]);
  expect(files).toContain(join('node_modules', '@sparticuz', 'chromium', 'package.json'));
});

it('a function without a handler stops synth with its name', () => {
  const call = () => Reflect.apply(bundleFunction, undefined, ['no-such-function', folder]);
  expect(call).toThrow('functions/no-such-function/handler.ts, so there is nothing to bundle');
});
