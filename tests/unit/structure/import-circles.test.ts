import { describe, expect, it } from 'vitest';
import { importsOf, realTree, type SourceTree } from '../../support/source-tree.ts';

/** Rule 3: no circle of imports, types included. Each circle is given as its files in order of name, joined. */
function circles(tree: SourceTree): string[] {
  const imports = new Map([...tree.keys()].map((file) => [file, importsOf(tree, file).filter((to) => tree.has(to))]));
  const reach = new Map<string, ReadonlySet<string>>();
  const reached = (from: string): ReadonlySet<string> => {
    const known = reach.get(from);
    if (known) return known;
    const seen = new Set<string>();
    const open = [...(imports.get(from) ?? [])];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      if (seen.has(next)) continue;
      seen.add(next);
      open.push(...(imports.get(next) ?? []));
    }
    reach.set(from, seen);
    return seen;
  };
  const inCircle = [...imports.keys()].filter((file) => reached(file).has(file));
  return [
    ...new Set(
      inCircle.map((file) =>
        [file, ...inCircle.filter((other) => other !== file && reached(file).has(other) && reached(other).has(file))]
          .sort()
          .join(' '),
      ),
    ),
  ].sort();
}

describe('no file imports itself by way of others', () => {
  it('in the tree as it stands, tests and pages included', () => {
    expect(circles(realTree())).toEqual([]);
  });

  const cases: readonly [string, Readonly<Record<string, string>>, string[]][] = [
    ['two files', { 'a.ts': `import './b.ts';`, 'b.ts': `import { a } from './a.ts';` }, ['a.ts b.ts']],
    [
      'types',
      { 'a.ts': `import type { B } from './b.ts';`, 'b.ts': `import type { A } from './a.ts';` },
      ['a.ts b.ts'],
    ],
    [
      'types in line',
      { 'a.ts': `let b: import('./b.ts').B;`, 'b.ts': `import { type A } from './a.ts';` },
      ['a.ts b.ts'],
    ],
    ['imports at run time', { 'a.ts': `await import('./b.ts');`, 'b.ts': `export * from './a.ts';` }, ['a.ts b.ts']],
    ['a file that imports itself', { 'a.ts': `import './a.ts';` }, ['a.ts']],
    [
      'three rooms',
      { 'x/a.ts': `import '../y/b.ts';`, 'y/b.ts': `import '../z/c.ts';`, 'z/c.ts': `import '../x/a.ts';` },
      ['x/a.ts y/b.ts z/c.ts'],
    ],
  ];
  it.each(cases)('finds the circle of %s', (_, files, expected) => {
    expect(circles(new Map(Object.entries(files)))).toEqual(expected);
  });

  it('is not misled by a path with a star, which looks like a comment', () => {
    const files = {
      'a.ts': `app.use('/x/*');\nawait import('./b.ts'); /* */`,
      'b.ts': `import './a.ts'; // https://x`,
    };
    expect(circles(new Map(Object.entries(files)))).toEqual(['a.ts b.ts']);
  });

  it('finds none in a tree, a diamond and a comment', () => {
    const files = {
      'a.ts': `import './b.ts';\nimport './c.ts';`,
      'b.ts': `import './d.ts';`,
      'c.ts': `import './d.ts';`,
    };
    expect(circles(new Map(Object.entries({ ...files, 'd.ts': `// import './a.ts';` })))).toEqual([]);
  });
});
