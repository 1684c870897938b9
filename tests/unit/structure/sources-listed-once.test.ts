import { describe, expect, it } from 'vitest';
import { catalogue } from '../../../core/sources/catalogue.ts';
import { importsOf, realTree, type SourceTree, withoutComments } from '../../support/source-tree.ts';

const list = 'core/sources/list.ts';
const guard = 'core/sources/catalogue.ts';

/** The folder of the source that a file belongs to, or `null`. */
function sourceIn(file: string): string | null {
  const match = /^core\/sources\/([^/]+)\/[^/]+$/.exec(file);
  return match?.[1] && match[1] !== 'reading' ? match[1] : null;
}

/** The sources, other than its own, that a file names by their ids. */
function named(file: string, text: string): string[] {
  const strings = new Set([...withoutComments(text).matchAll(/(['"`])([a-z][a-z0-9-]*)\1/g)].map((match) => match[2]));
  return catalogue.map(({ id }) => id).filter((id) => strings.has(id) && sourceIn(file) === null);
}

/**
 * Rule 10: one file names the sources, and what reads a source's answers is imported lazily, so that a Lambda loads only
 * what it reads. Who needs a parser asks `parserOf`, which guards it. `yahoo-proxy` and `core/proxy` are about one source and read it themselves.
 */
function offences(tree: SourceTree): string[] {
  return [...tree.keys()]
    .filter((file) => /^(core|functions|lib|cli|bin)\//.test(file))
    .flatMap((file) => {
      const foreign = (to: string) => sourceIn(to) !== null && sourceIn(to) !== sourceIn(file);
      const sources = new Set(importsOf(tree, file).filter(foreign).map(sourceIn));
      const parsers = importsOf(tree, file, 'not lazy').filter((to) => foreign(to) && /\/parse[^/]*\.ts$/.test(to));
      const several = sources.size > 1 || named(file, tree.get(file) ?? '').length > 1;
      const listing = several && file !== list ? [`${file} lists sources`] : [];
      const unguarded = file !== guard && /\.parser\(/.test(withoutComments(tree.get(file) ?? ''));
      const ofProxy = /^(functions\/yahoo-proxy|core\/proxy)\//.test(file);
      return [
        ...listing,
        ...(unguarded ? [`${file} takes a parser past its guard`] : []),
        ...(ofProxy ? [] : parsers.map((to) => `${file} loads ${to}`)),
      ];
    });
}

describe('a source is listed once', () => {
  it('in the tree as it stands', () => {
    expect(offences(realTree())).toEqual([]);
  });

  const two = `import { a } from '../../core/sources/yahoo/source.ts';\nimport { b } from '../../core/sources/coingecko/source.ts';`;
  it.each([
    ['a second list', 'functions/api/list.ts', two],
    [
      'a second list of imports at run time',
      'functions/api/list.ts',
      two.replaceAll(/import \{ . \} from ('[^']+')/g, 'import($1)'),
    ],
    ['a parser without its guard', 'functions/ingest/a.ts', `const parser = await source.parser();`],
    ['a second list by ids', 'functions/api/list.ts', `const checked = ['yahoo', 'coingecko'];`],
    [
      'a parser that is always loaded',
      'functions/ingest/a.ts',
      `import { p } from '../../core/sources/yahoo/parse.ts';`,
    ],
    ['a parser of the list that is always loaded', list, `import { p } from './yahoo/parse.ts';`],
    [
      'a source that loads the parser of another',
      'core/sources/coingecko/parse.ts',
      `import '../yahoo/parse-quotes.ts';`,
    ],
  ])('refuses %s', (_, file, text) => {
    expect(offences(new Map([[file, text]]))).toHaveLength(1);
  });

  it('allows the list, with parsers that are loaded when they are needed', () => {
    const text = `import { a } from './yahoo/source.ts';\nimport { b } from './coingecko/source.ts';\nconst p = () => import('./yahoo/parse.ts');`;
    expect(offences(new Map([[list, text]]))).toEqual([]);
  });
});
