import { readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';

/** The text of each source file by its path from the root of the repository. The guards of the structure read such a tree. */
export type SourceTree = ReadonlyMap<string, string>;

export const root = new URL('../../', import.meta.url).pathname;

const folders = ['bin', 'cli', 'core', 'functions', 'lib', 'localstack', 'tests', 'web'];

/** The repository as it stands: TypeScript, plain modules and style sheets, without what is built or installed. */
export function realTree(): SourceTree {
  const files = folders.flatMap((folder) =>
    readdirSync(`${root}${folder}`, { recursive: true, encoding: 'utf8' }).map((name) => `${folder}/${name}`),
  );
  return new Map(
    files
      .filter((file) => /\.(ts|tsx|mjs|css)$/.test(file) && !/\/(dist|node_modules)\//.test(file))
      .sort()
      .map((file) => [file, readFileSync(`${root}${file}`, 'utf8')]),
  );
}

/** The text without its comments. What looks like one inside a string, such as a URL or a path with a star, is kept. */
export function withoutComments(text: string): string {
  const string = /'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`/.source;
  const comment = /\/\*[\s\S]*?\*\/|\/\/.*$/.source;
  return text.replaceAll(new RegExp(`(${string})|${comment}`, 'gm'), (_, kept: string | undefined) => kept ?? '');
}

/** A module that a file names, and how: `lazy` is `import('…')` in code, all else is loaded with the file. */
interface Specifier {
  readonly name: string;
  readonly lazy: boolean;
}

/** All modules that a text names: types, re-exports, imports for effect and `import('…')` in code and types are counted. */
function specifiersOf(text: string): Specifier[] {
  return [...withoutComments(text).matchAll(/\b(from|import)\s*(\(?)\s*(['"`])([^'"`\n]+)\3/g)].map((match) => ({
    name: match[4] ?? '',
    lazy: match[1] === 'import' && match[2] === '(',
  }));
}

/** The files of this repository that a file imports, as paths from the root. */
export function importsOf(tree: SourceTree, file: string, which: 'all' | 'not lazy' = 'all'): string[] {
  const relative = specifiersOf(tree.get(file) ?? '')
    .filter(({ name, lazy }) => name.startsWith('.') && !(lazy && which === 'not lazy'))
    .map(({ name }) => posix.join(posix.dirname(file), name));
  return [...new Set(relative)];
}

/** The packages and Node modules that a file imports, such as `pg` and `node:fs`. */
export function packagesOf(tree: SourceTree, file: string): string[] {
  const names = specifiersOf(tree.get(file) ?? '').map(({ name }) => name);
  return [...new Set(names.filter((name) => !name.startsWith('.')))];
}
