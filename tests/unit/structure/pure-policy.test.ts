import { describe, expect, it } from 'vitest';
import { importsOf, packagesOf, realTree, type SourceTree, withoutComments } from '../../support/source-tree.ts';

const pureRooms = [
  'market',
  'alerts',
  'planning',
  'prices',
  'coverage',
  'models',
  'health',
  'diagnosis',
  'recovery',
  'proxy',
  'sources',
];

/** Packages that compute and nothing else. */
// `node:vm` runs what is given to it, and ends what does not end.
const purePackages = ['zod', 'decimal.js', 'croner', 'node:crypto', 'node:vm', 'htmlparser2'];

/** The world: its clock, its chance, its environment, its network. Dates of given instants are pure. */
const world =
  /\bprocess\.|\bDate\.now\b|\bnew Date\b(?!\()|\bDate\(\)|\bTemporal\.Now\b|\bperformance\.|\bMath\.random\b|\brandom(UUID|Bytes|Int)\b|\bcrypto\.|\bset(Timeout|Interval|Immediate)\(|\bfetch\(|\bconsole\.|\bglobalThis\b|\bimport\.meta\b/;

/** Rule 5: what decides is pure: no SDK, no clock, no environment, no port and no adapter. */
function offences(tree: SourceTree): string[] {
  return [...tree.keys()]
    .filter((file) => pureRooms.some((room) => file.startsWith(`core/${room}/`)))
    .flatMap((file) => {
      const reaches = importsOf(tree, file).filter((to) => /^core\/(ports|adapters)\//.test(to));
      const packages = packagesOf(tree, file).filter((name) => !purePackages.includes(name));
      const touches = world.exec(withoutComments(tree.get(file) ?? ''));
      return [...reaches, ...packages, ...(touches ? [touches[0]] : [])].map((what) => `${file}: ${what}`);
    });
}

describe('policy is pure', () => {
  it('in the tree as it stands', () => {
    expect(offences(realTree())).toEqual([]);
  });

  it.each([
    ['the clock', 'core/planning/a.ts', 'const now = Date.now();'],
    ['the clock as a date', 'core/health/a.ts', 'const now = new Date();'],
    ['the clock as a text', 'core/health/a.ts', 'const now = Date();'],
    ['a clock that is passed on', 'core/planning/a.ts', 'export const usualClock = Date.now;'],
    ['another clock', 'core/planning/a.ts', 'const now = Temporal.Now.instant();'],
    ['the environment by another name', 'core/prices/a.ts', `const limit = globalThis['process'].env['LIMIT'];`],
    ['random bytes', 'core/recovery/a.ts', `import { randomBytes } from 'node:crypto';`],
    ['the environment', 'core/prices/a.ts', `const limit = process.env['LIMIT'];`],
    ['chance', 'core/planning/a.ts', 'const wait = Math.random();'],
    ['a port', 'core/recovery/a.ts', `import type { StateClient } from '../ports/state.ts';`],
    ['an adapter', 'core/diagnosis/a.ts', `import '../adapters/postgres/database/pool.ts';`],
    ['an SDK', 'core/proxy/a.ts', `import { S3Client } from '@aws-sdk/client-s3';`],
    ['the file system', 'core/market/a.ts', `import { readFileSync } from 'node:fs';`],
  ])('refuses %s', (_, file, text) => {
    expect(offences(new Map([[file, text]]))).toHaveLength(1);
  });

  it('allows the date of an instant, and words about the world in comments', () => {
    expect(
      offences(new Map([['core/planning/a.ts', '// Date.now() is not asked\nconst day = new Date(now);']])),
    ).toEqual([]);
  });
});
