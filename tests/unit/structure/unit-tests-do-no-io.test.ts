import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { importsOf, packagesOf, realTree, type SourceTree, withoutComments } from '../../support/source-tree.ts';

/** These hold the imports that they refuse as text. What they really do is refused at run time. */
const rules = 'tests/unit/structure/';

/** Modules that are there to reach something outside the process. */
const outside =
  /^(node:(child_process|cluster|dgram|dns|http|http2|https|net|tls|worker_threads)(\/.*)?|pg|pg-copy-streams|playwright-core|@hono\/node-server)$/;

/** Helpers and parts that start a database, a server, a browser or a process. */
const starters = [
  /^tests\/support\/(world|use-world|pipeline|postgres|api-fixture|recovery-world|cluster-setup|cloud-setup|shared-cloud|test-cloud|cli-in-process|cli-process|hostile-site|recorded-upstream|yahoo-proxy-fixture|load|folder-raw-store|.*-worker)\.ts$/,
  /^localstack\/(cloud|database|dashboard-server|deploy|emulator|processes|python|reset|start|web-build|upstreams\/server)\.ts$/,
  /^core\/adapters\/(chromium|postgres)\//,
];

/** Reading is all that a unit test does with files: fixtures and the repository itself. */
const reading = /^(existsSync|readFileSync|readdirSync|statSync)$/;

function offences(tree: SourceTree): string[] {
  const found: string[] = [];
  for (const [file, text] of tree) {
    if (!file.startsWith('tests/unit/') || file.startsWith(rules)) continue;
    // What is imported as a type is not there at run time.
    const code = withoutComments(text).replaceAll(/^import type [^;]+;$/gm, '');
    const values = new Map([[file, code]]);
    const modules = packagesOf(values, file).filter((name) => outside.test(name));
    const helpers = importsOf(values, file).filter((to) => starters.some((each) => each.test(to)));
    // All of a module under one name: what is used of it is not to be seen.
    const whole = [...code.matchAll(/^import (?!\{|type\b)[^;{]* from '(node:fs(?:\/promises)?)';$/gm)].map(
      ([, name = '']) => `all of ${name}`,
    );
    const files = [...code.matchAll(/^import \{([^}]+)\} from 'node:fs(?:\/promises)?';$/gm)]
      .flatMap((match) => (match[1] ?? '').split(','))
      .map((name) => name.trim())
      .filter((name) => name !== '' && !reading.test(name));
    for (const name of [...modules, ...helpers, ...whole, ...files]) found.push(`${file}: ${name}`);
  }
  return found;
}

describe('a unit test does no I/O', () => {
  it('in the tree as it stands', () => {
    expect(offences(realTree())).toEqual([]);
  });

  it.each([
    ['a server', `import http from 'node:http';`, 'node:http'],
    ['a process', `import { spawn } from 'node:child_process';`, 'node:child_process'],
    [
      'a database',
      `import { createPool } from '../../core/adapters/postgres/database/pool.ts';`,
      'core/adapters/postgres/database/pool.ts',
    ],
    ['a world', `import { startWorld } from '../support/world.ts';`, 'tests/support/world.ts'],
    [
      'simulated upstreams',
      `const { startUpstreams } = await import('../../localstack/upstreams/server.ts');`,
      'localstack/upstreams/server.ts',
    ],
    ['a file that is written', `import { readFileSync, writeFileSync } from 'node:fs';`, 'writeFileSync'],
    ['all that can be done with files', `import fs from 'node:fs';`, 'all of node:fs'],
    ['the same under a name', `import * as fs from 'node:fs/promises';`, 'all of node:fs/promises'],
  ])('refuses %s', (_what, text, name) => {
    expect(offences(new Map([['tests/unit/a.test.ts', text]]))).toEqual([`tests/unit/a.test.ts: ${name}`]);
  });

  it('takes types, and fixtures that are read', () => {
    const text = `import type { AddressInfo } from 'node:net';\nimport { readFileSync } from 'node:fs';`;
    expect(offences(new Map([['tests/unit/a.test.ts', text]]))).toEqual([]);
  });

  it('cannot do it at run time either, whichever module does it', async () => {
    expect(() => connect(1, '127.0.0.1')).toThrow('A unit test opens a connection');
    expect(() => createServer().listen(0)).toThrow('A unit test listens on a port');
    expect(() => spawn('true')).toThrow('A unit test starts a process');
    await expect(fetch('http://127.0.0.1:65000/')).rejects.toMatchObject({ cause: { name: 'InputOutputError' } });
  });
});
