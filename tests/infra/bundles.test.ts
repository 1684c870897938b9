import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { functionNames, settingNames } from '../../core/contracts/settings.ts';
import { bundleFunction } from '../../lib/bundle-function.ts';
import { cloudStages, functionsOf } from './synthesize.ts';

const folder = mkdtempSync(join(tmpdir(), 'quotron-bundles-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const budget = 1_000_000;

describe.each(functionNames)('%s', (name) => {
  const out = join(folder, name);
  const functionFolder = join(import.meta.dirname, '../../functions', name);

  test('is bundled into less than 1 MB, unzipped, that Node can read', () => {
    bundleFunction(name, out);
    const files = readdirSync(out, { recursive: true, withFileTypes: true }).filter((file) => file.isFile());
    const size = files.reduce((sum, file) => sum + statSync(join(file.parentPath, file.name)).size, 0);
    expect(size).toBeLessThan(budget);
    const check = spawnSync(process.execPath, ['--check', join(out, 'index.mjs')], { encoding: 'utf8' });
    expect(check.stderr).toBe('');
  });

  test.each(cloudStages)('is given in %s every setting that it cannot do without', (stage) => {
    const code = readdirSync(functionFolder, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .map((file) => readFileSync(join(functionFolder, file), 'utf8'))
      .join('\n');
    const wanted = [...code.matchAll(/\b(?:setting|mapSetting)\('(\w+)'\)/g)].map(([, key]) => key);
    const given = Object.keys(functionsOf(stage).get(name)?.variables ?? {});
    for (const [key, variable] of Object.entries(settingNames)) {
      // The simulated upstreams of a laptop; on AWS the catalogue's own addresses hold.
      if (key !== 'sourceUrls' && wanted.includes(key)) expect(given).toContain(variable);
    }
    if (code.includes('databaseSettings('))
      expect(given).toEqual(expect.arrayContaining(['DB_HOST', 'DB_NAME', 'DB_USER']));
  });
});

test('the bundle of migrate carries the SQL of every migration', () => {
  const migrations = readdirSync(join(import.meta.dirname, '../../core/adapters/postgres/migrations'));
  expect(readdirSync(join(folder, 'migrate', 'migrations')).sort()).toEqual(migrations.sort());
  expect(migrations.length).toBeGreaterThan(0);
});

test('a function without a handler stops synth with its name', () => {
  const call = () => Reflect.apply(bundleFunction, undefined, ['no-such-function', folder]);
  expect(call).toThrow('functions/no-such-function/handler.ts, so there is nothing to bundle');
});
