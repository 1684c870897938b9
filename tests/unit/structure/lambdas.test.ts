import { describe, expect, it } from 'vitest';
import { functionNames } from '../../../core/contracts/functions.ts';
import { importsOf, realTree, type SourceTree } from '../../support/source-tree.ts';

/** What programs beside the Lambdas may run in their own process. */
const namedAssemblers = ['functions/yahoo-proxy/standalone.ts', 'functions/migrate/standalone.ts'];

/** Rule 1: `functions/` holds one folder per Lambda and nothing else, and no Lambda imports another. */
function offences(tree: SourceTree, lambdas: readonly string[]): string[] {
  const files = [...tree.keys()].filter((file) => file.startsWith('functions/'));
  const folders = new Set(files.map((file) => file.split('/').slice(1, -1)[0] ?? ''));
  return [
    ...files.filter((file) => file.split('/').length === 2).map((file) => `${file} is in no Lambda's folder`),
    ...[...folders].filter((folder) => folder && !lambdas.includes(folder)).map((folder) => `${folder} is no Lambda`),
    ...lambdas.filter((name) => !tree.has(`functions/${name}/handler.ts`)).map((name) => `${name} has no handler`),
    ...[...tree.keys()].flatMap((file) => importsOf(tree, file).flatMap((to) => forbidden(file, to) ?? [])),
  ].sort();
}

function forbidden(from: string, to: string): string | null {
  const [top, lambda] = from.split('/');
  if (!to.startsWith('functions/') || top === 'tests') return null;
  // The page of the API shows the document that the function answers with.
  if (from === 'web/reference/print.ts' && to === 'functions/api/handler.ts') return null;
  if (top === 'functions' ? to.split('/')[1] === lambda : namedAssemblers.includes(to)) return null;
  return `${from} imports ${to}`;
}

describe('functions/ holds one folder per Lambda', () => {
  it('in the tree as it stands', () => {
    expect(offences(realTree(), functionNames)).toEqual([]);
  });

  const handlers = { 'functions/api/handler.ts': '', 'functions/state/handler.ts': '' };
  const cases: readonly [string, Readonly<Record<string, string>>][] = [
    ['a loose file', { ...handlers, 'functions/settings.ts': '' }],
    ['a folder that is no Lambda', { ...handlers, 'functions/shared/etag.ts': '' }],
    ['a Lambda without a handler', { 'functions/api/handler.ts': '' }],
    ['a Lambda that imports another', { ...handlers, 'functions/api/app.ts': `import { a } from '../state/a.ts';` }],
    ['a type of another', { ...handlers, 'functions/api/app.ts': `import type { A } from '../state/a.ts';` }],
    ['a type in line', { ...handlers, 'functions/api/app.ts': `let a: import('../state/a.ts').A;` }],
    ['an import at run time', { ...handlers, 'functions/api/app.ts': `await import('../state/a.ts');` }],
    ['a re-export', { ...handlers, 'functions/api/app.ts': `export * from '../state/a.ts';` }],
    [
      'another file of the page',
      { ...handlers, 'web/reference/render.ts': `import '../../functions/api/handler.ts';` },
    ],
    ['a command that imports a handler', { ...handlers, 'cli/run.ts': `import '../functions/api/handler.ts';` }],
  ];
  it.each(cases)('refuses %s', (_, files) => {
    expect(offences(new Map(Object.entries(files)), ['api', 'state'])).toHaveLength(1);
  });

  it('lets a Lambda import its own files and the core', () => {
    const app = `import '../../core/http/etag.ts';\nimport '../api/route.ts';\n// import '../state/a.ts'\n`;
    expect(offences(new Map(Object.entries({ ...handlers, 'functions/api/app.ts': app })), ['api', 'state'])).toEqual(
      [],
    );
  });
});

describe('quotas of sources', () => {
  const tree = realTree();
  const filesOf = (handler: string) => {
    const files = new Set([handler]);
    for (const file of files) for (const to of importsOf(tree, file)) files.add(to);
    return [...files];
  };
  /** What reads the quota of a source: its permits, its plan, its card. */
  const reads = functionNames.filter((name) =>
    filesOf(`functions/${name}/handler.ts`).some((file) => /\bsource\??\.quota\b/.test(tree.get(file) ?? '')),
  );

  it('are set at the start of every function that reads them', () => {
    expect(reads).toEqual(expect.arrayContaining(['api', 'schedule', 'state', 'monitor']));
    // These import what reads them, and make, plan and show no requests.
    const others: readonly string[] = [
      'migrate',
      'prepare-database',
      'set-credentials',
      'summarise',
      'relay-events',
      'relay-to-kafka',
      'stream-events',
    ];
    for (const name of reads.filter((each) => !others.includes(each)))
      expect(tree.get(`functions/${name}/handler.ts`), name).toMatch(/^applySourceQuotas\(\);$/m);
  });
});
