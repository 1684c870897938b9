import { describe, expect, it } from 'vitest';
import { importsOf, packagesOf, realTree, type SourceTree, withoutComments } from '../../support/source-tree.ts';

/** The files of a Lambda that put adapters behind its ports. */
const assemblers = /^functions\/[^/]+\/(handler|assemble|dependencies|standalone)\.ts$/;

/**
 * Rule 2: of the Lambdas and the core only handlers and named assemblers import adapters, types included, and nothing else
 * sees the driver of Postgres: a use case takes ports, never a `Pool`.
 */
function offences(tree: SourceTree): string[] {
  return [...tree.keys()]
    .filter((file) => /^(functions|core)\//.test(file) && !file.startsWith('core/adapters/') && !assemblers.test(file))
    .flatMap((file) => {
      const adapters = importsOf(tree, file).filter((to) => to.startsWith('core/adapters/'));
      const drivers = packagesOf(tree, file).filter((name) => /^pg(-|$)/.test(name));
      const pool = /\bPool\b/.test(withoutComments(tree.get(file) ?? '')) ? ['Pool'] : [];
      return [...adapters, ...drivers, ...pool].map((what) => `${file}: ${what}`);
    });
}

describe('only handlers and assemblers import adapters', () => {
  it('in the tree as it stands', () => {
    expect(offences(realTree())).toEqual([]);
  });

  it.each([
    ['a use case', 'functions/api/find.ts', `import { pool } from '../../core/adapters/postgres/database/pool.ts';`],
    [
      'a type',
      'functions/api/find.ts',
      `import type { Row } from '../../core/adapters/postgres/prices/quote-reader.ts';`,
    ],
    ['an import at run time', 'functions/api/find.ts', `await import('../../core/adapters/s3/raw-store.ts');`],
    ['the core', 'core/scraping/task.ts', `import type { A } from '../adapters/lambda/state.ts';`],
    ['the driver', 'functions/recover/steps/a.ts', `import type { PoolClient } from 'pg';`],
    ['a pool by its name', 'functions/recover/steps/a.ts', 'interface World { pool: Pool }'],
    ['a helper of the handler', 'functions/api/handler-parts.ts', `import '../../core/adapters/s3/raw-store.ts';`],
  ])('refuses %s', (_, file, text) => {
    expect(offences(new Map([[file, text]]))).toHaveLength(1);
  });

  it.each(['handler', 'assemble', 'dependencies', 'standalone'])('allows %s.ts', (name) => {
    const text = `import { a } from '../../core/adapters/s3/raw-store.ts';`;
    expect(offences(new Map([[`functions/api/${name}.ts`, text]]))).toEqual([]);
  });
});
