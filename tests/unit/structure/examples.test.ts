import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runInThisContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { realTree } from '../../support/source-tree.ts';

const root = new URL('../../../', import.meta.url).pathname;

/** One line of an example that says what an expression gives: `divide('66.16', 100) // '0.6616'`. */
interface Example {
  readonly expression: string;
  readonly value: string;
}

/**
 * The examples of a text that can be run: those after `@example` whose lines all have the form `expression // value`,
 * apart from lines that are comments. Others show a use that needs a database, a server or a handler.
 */
function examplesIn(text: string): Example[] {
  return [...text.matchAll(/^ \* @example ?(.*)\n((?: \*(?!\/).*\n)*)/gm)].flatMap(([, first = '', rest = '']) => {
    const lines = [first, ...rest.split('\n').map((line) => line.replace(/^ \* ?/, ''))].filter(
      (line) => line.trim() !== '' && !line.startsWith('//'),
    );
    const examples = lines.flatMap((line) => {
      const [, expression = '', value = ''] = /^(\S.*[^;{]) \/\/ (.+)$/.exec(line) ?? [];
      return expression === '' || /^(const|await|if|export|return) /.test(expression) ? [] : [{ expression, value }];
    });
    return examples.length === lines.length ? examples : [];
  });
}

/** Evaluates an expression and the value beside it, with what the module exports in reach. */
function outcomeOf({ expression, value }: Example, module: Readonly<Record<string, unknown>>): [unknown, unknown] {
  const names = Object.keys(module);
  const evaluate = (code: string): unknown =>
    runInThisContext(`(function (${names.join(', ')}) { return (${code}); })`)(...Object.values(module));
  return [evaluate(expression), evaluate(value)];
}

describe('examples in docstrings', () => {
  const files = [...realTree().keys()].filter((file) => /^(core|functions|cli)\/.*\.ts$/.test(file));
  const found = files.flatMap((file) => {
    const examples = examplesIn(readFileSync(join(root, file), 'utf8'));
    return examples.length > 0 ? [{ file, examples }] : [];
  });

  it('are there for what is easy to misuse', () => {
    expect(found.flatMap(({ examples }) => examples).length).toBeGreaterThan(30);
  });

  it.each(found)('of $file give what they say', async ({ file, examples }) => {
    const module: Record<string, unknown> = await import(join(root, file));
    for (const example of examples) {
      const [actual, expected] = outcomeOf(example, module);
      expect(actual, example.expression).toEqual(expected);
    }
  });

  it('are found wrong when they are, and left out when they only show a use', () => {
    const doc = (lines: string) => `/**\n * Adds.\n *\n * @example\n${lines} */\nexport function add() {}\n`;
    const [wrong] = examplesIn(doc(' * add(1, 2) // 4\n'));
    const [actual, expected] = outcomeOf(wrong ?? { expression: '', value: '' }, {
      add: (a: number, b: number) => a + b,
    });
    expect([actual, expected]).toEqual([3, 4]);
    expect(examplesIn(doc(' * const sum = add(1, 2); // 3\n * await store(sum);\n'))).toEqual([]);
  });
});
