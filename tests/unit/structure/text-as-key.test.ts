import { resolve } from 'node:path';
import {
  type ElementAccessExpression,
  type Expression,
  isBinaryExpression,
  isElementAccessExpression,
  type Node,
  SyntaxKind,
} from 'typescript/unstable/ast';
import { createVirtualFileSystem } from 'typescript/unstable/fs';
import { API, type Checker, type Project, type Type, TypeFlags } from 'typescript/unstable/sync';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { root } from '../../support/source-tree.ts';

/** What runs with text of others: of sources, of clients, of the environment. The rest of `localstack/` reads only its own. */
const watched = /^(bin|cli|core|functions|lib|web\/src|localstack\/upstreams)\//;

/**
 * Rule 11: text never indexes a plain object, since each object also has `constructor`, `toString` and `__proto__`: text
 * from outside that says so would find a function in place of a value, and an assignment would change what all objects
 * inherit. A `Map` is asked instead, or `Object.hasOwn(object, key)` first. Keys of a closed list of words are no text.
 */
function offences(project: Project, folder: string): string[] {
  return project.program
    .getSourceFileNames()
    .filter((file) => file.startsWith(folder) && watched.test(file.slice(folder.length)))
    .flatMap((file) => {
      const source = project.program.getSourceFile(file);
      const accesses = source ? accessesIn(source) : [];
      const keys = project.checker.getTypeAtLocation(accesses.map(({ key }) => key));
      const objects = project.checker.getTypeAtLocation(accesses.map(({ object }) => object));
      return accesses
        .filter((access, at) => isText(keys[at]) && isPlain(project.checker, objects[at]) && !isChecked(access))
        .map(({ node }) => `${file.slice(folder.length)}: ${node.getText()}`);
    });
}

interface Access {
  readonly node: Node;
  readonly object: Expression;
  readonly key: Expression;
}

/** `object[key]` and `key in object`. */
function accessesIn(file: Node): Access[] {
  const found: Access[] = [];
  const visit = (node: Node): void => {
    if (isElementAccessExpression(node)) found.push({ node, ...partsOf(node) });
    if (isBinaryExpression(node) && node.operatorToken.kind === SyntaxKind.InKeyword)
      found.push({ node, object: node.right, key: node.left });
    node.forEachChild(visit);
  };
  visit(file);
  return found;
}

function partsOf(node: ElementAccessExpression): { object: Expression; key: Expression } {
  return { object: node.expression, key: node.argumentExpression };
}

/** Any text, or what may be any: not a closed list of words, a number or a symbol. */
function isText(type: Type | undefined): boolean {
  if (!type) return false;
  if (type.isUnionType()) return type.getTypes().some(isText);
  return (type.flags & (TypeFlags.String | TypeFlags.TemplateLiteral | TypeFlags.StringMapping | TypeFlags.Any)) !== 0;
}

function isPlain(checker: Checker, type: Type | undefined): boolean {
  const given = type && checker.getNonNullableType(type);
  if (!given) return false;
  return !checker.isArrayLikeType(given) && (given.flags & TypeFlags.StringLike) === 0;
}

/** Whether `Object.hasOwn` is asked for just this, in a condition around it. */
function isChecked({ node, object, key }: Access): boolean {
  const question = `Object.hasOwn(${object.getText()}, ${key.getText()})`;
  for (let around: Node | undefined = node.parent; around; around = around.parent) {
    const condition = around.kind === SyntaxKind.ConditionalExpression || around.kind === SyntaxKind.IfStatement;
    if (condition && around.getText().includes(question)) return true;
  }
  return false;
}

describe('text never indexes a plain object', { timeout: 60_000 }, () => {
  const api = new API({ cwd: root });
  afterAll(() => api.close());

  it.each(['tsconfig.json', 'web/tsconfig.json'])('in all that %s holds', (file) => {
    const project = api.updateSnapshot({ openProjects: [resolve(root, file)] }).getProject(resolve(root, file));
    if (!project) throw new Error(`${file} is no project`);
    expect(project.program.getSourceFileNames().length).toBeGreaterThan(100);
    expect(offences(project, root)).toEqual([]);
  });
});

describe('the guard of text as a key', { timeout: 60_000 }, () => {
  const cases: readonly [string, string, number][] = [
    ['a record', 'declare const values: Record<string, number>; values[text];', 1],
    ['a constant', 'const values: Readonly<Record<string, number>> = { a: 1 }; values[text];', 1],
    ['a part of text', `declare const values: Record<string, number>; values[text.toLowerCase() ?? ''];`, 1],
    ['a template', `declare const values: Record<string, number>; values[\`a\${text}\`];`, 1],
    ['what may be missing', 'declare const values: Record<string, number> | undefined; values?.[text];', 1],
    ['an assignment', 'const values: Record<string, number> = {}; values[text] = 1;', 1],
    ['a question whether it is in', 'declare const values: Record<string, number>; text in values;', 1],
    ['another question', 'declare const a: Record<string, number>; Object.hasOwn({}, text) ? a[text] : 0;', 1],
    ['a checked record', 'declare const a: Record<string, number>; Object.hasOwn(a, text) ? a[text] : 0;', 0],
    ['a closed list of words', `declare const word: 'a' | 'b'; const values = { a: 1, b: 2 }; values[word];`, 0],
    ['a literal', `declare const values: Record<string, number>; values['a'];`, 0],
    ['a list', 'declare const values: string[]; declare const at: number; values[at];', 0],
    ['a map', 'declare const values: Map<string, number>; values.get(text);', 0],
  ];
  const folder = '/case/';
  const files = Object.fromEntries(
    cases.map(([, code], at) => [`${folder}core/case-${at}.ts`, `declare const text: string;\n${code}\nexport {};\n`]),
  );
  const config = JSON.stringify({ compilerOptions: { strict: true, lib: ['es2024'], types: [] }, include: ['core'] });
  const api = new API({ cwd: folder, fs: createVirtualFileSystem({ ...files, [`${folder}tsconfig.json`]: config }) });
  const found: string[] = [];
  afterAll(() => api.close());
  beforeAll(() => {
    const project = api
      .updateSnapshot({ openProjects: [`${folder}tsconfig.json`] })
      .getProject(`${folder}tsconfig.json`);
    if (project) found.push(...offences(project, folder));
  });

  it.each(cases.map(([what, , expected], at) => ({ what, expected, at })))(
    'finds $expected in $what',
    ({ expected, at }) => {
      expect(found.filter((each) => each.startsWith(`core/case-${at}.ts:`))).toHaveLength(expected);
    },
  );
});
