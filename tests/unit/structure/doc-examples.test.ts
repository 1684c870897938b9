import { expect, it } from 'vitest';
import { blocksOf, commandsOf, docExamples, notRun, reasonAgainst } from '../../support/doc-examples.ts';

it('every block of README and docs says by its language whether it is run, and some are', () => {
  const examples = docExamples();
  expect(examples.filter((example) => reasonAgainst(example) === undefined).length).toBeGreaterThan(12);
  expect(new Set(examples.map(({ language }) => language)).size).toBeGreaterThan(3);
});

it('what is not run is an example that there is, once, with a reason', () => {
  const examples = docExamples();
  const used = new Set(examples.flatMap((example) => reasonAgainst(example) ?? []));
  expect(notRun.filter((each) => !used.has(each)).map(({ file, first }) => `${file}: ${first}`)).toEqual([]);
  for (const { why } of notRun) expect(why.length).toBeGreaterThan(10);
});

it('blocks are found with their language, their line and without their indent', () => {
  const text = 'a\n\n```sh\nnpm start\n```\n\n- b\n\n  ```ts\n  const a = 1;\n  ```\n';
  expect(blocksOf(text)).toEqual([
    { language: 'sh', code: 'npm start', line: 3 },
    { language: 'ts', code: 'const a = 1;', line: 9 },
  ]);
  expect(commandsOf('curl a \\\n  b\n\nls')).toEqual(['curl a \\\n  b', 'ls']);
});
