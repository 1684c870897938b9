import { describe, expect, it } from 'vitest';
import { importsOf, realTree, type SourceTree, withoutComments } from '../../support/source-tree.ts';

/** Tests of the rules alone have no pipeline. */
const groups = /^tests\/(contract|chaos|local|component|browser)\/.+\.test\.ts$/;

/** What brings work through the pipeline, in this process or in another. */
const works =
  /\b(ingestBlobs|scrapeTask|pipeline|startWorld|openWorld|sharedCloud|queueLoad|runMix|startTestCloud|startRelease)\(|\binject\('cloud'\)|\brun\('start\.ts'|\/(ingest-worker|scrape-worker|scrape-task-worker|function-process)\.ts'/;

/** What no world knows of. */
const elsewhere = /\b(queueLoad|runMix|startTestCloud|startRelease)\(|\brun\('start\.ts'|-worker\.ts'/;

/** Worlds that check the invariants of everything that came in: after each test, or after the file. */
const checking = ['use-world', 'clocked-cloud', 'recovery-world', 'shared-cloud'].map(
  (name) => `tests/support/${name}.ts`,
);

/** A check in a test file, or in what reports a whole run. */
const checks = /\b(expectInvariant|expectNothingLost|breachesOf|invariant|expectStored|wrongIn)\(/;

/** Without a check, and why. */
const exempt: ReadonlyMap<string, string> = new Map([
  ['tests/contract/adding-a-source.test.ts', 'its pipeline runs in a script beside a copy of the repository'],
  ['tests/local/aws-adapters.test.ts', 'its bucket and queue are its own, and nothing reads them'],
  ['tests/contract/permits-of-processes.test.ts', 'its processes keep their blobs to themselves: it counts requests'],
  ['tests/contract/played-months.test.ts', 'its work expires, as it is meant to: it compares what is stored itself'],
  ['tests/chaos/start-errors.test.ts', 'its starts end before there is any work'],
  ['tests/local/kafka-cloud.test.ts', 'its cloud is gone in the middle of a cycle: it reads what is published'],
  ['tests/local/fuzz.test.ts', 'requests at random stop sources and services in the middle of their work'],
]);

/** A test that runs the pipeline and leaves unchecked whether something was lost or doubled. */
function offences(tree: SourceTree): string[] {
  return [...tree.keys()].filter((file) => {
    if (!groups.test(file) || exempt.has(file)) return false;
    const text = withoutComments(tree.get(file) ?? '');
    if (!works.test(text) || checks.test(text)) return false;
    // Such a world knows of what its own pipelines keep.
    const imports = importsOf(tree, file);
    const known = /\b\w+\.pipeline\(|\bsharedCloud\(/.test(text);
    return elsewhere.test(text) || !known || !imports.some((name) => checking.includes(name));
  });
}

describe('the invariants are checked by every test that runs the pipeline', () => {
  it('in the tree as it stands', () => {
    expect(offences(realTree())).toEqual([]);
  });

  it('and by each world that says so', () => {
    const tree = realTree();
    for (const file of checking)
      expect(tree.get(file), file).toMatch(
        /after(Each|All)\([\s\S]{0,120}(invariant|checkWhatIsStored)\(\)|useWorld\(/,
      );
  });

  it('has no exemption for a file that is gone or has a check', () => {
    const tree = realTree();
    for (const file of exempt.keys()) {
      const text = tree.get(file) ?? '';
      expect(works.test(text) && !checks.test(text), file).toBe(true);
    }
  });

  const inWorld = (text: string) =>
    offences(
      new Map([
        ['tests/contract/a.test.ts', `import { useWorld } from '../support/use-world.ts';\n${text}`],
        ['tests/support/use-world.ts', ''],
      ]),
    );

  it.each([
    ['ingest in a world that does not know of it', 'const ingest = ingestBlobs({ rawStore });'],
    ['a load of blobs', 'const load = await queueLoad(world.pool, { ticks: 4 });'],
  ])('refuses %s', (_what, text) => {
    expect(inWorld(text)).toEqual(['tests/contract/a.test.ts']);
    expect(inWorld(`${text} await load.expectStored();`)).toEqual([]);
  });

  it.each([
    ['the deployed cloud past its check', "const cloud = inject('cloud');"],
    ['a cloud of its own', "const running = place.run('start.ts', ['--json']);"],
    ['functions of another release', 'const former = await startRelease(trees.former, { database, cloud });'],
  ])('refuses %s', (_what, text) => {
    expect(offences(new Map([['tests/local/a.test.ts', text]]))).toEqual(['tests/local/a.test.ts']);
  });

  it('refuses a worker in another process', () => {
    const text = "spawn(process.execPath, [new URL('../support/ingest-worker.ts', import.meta.url).pathname]);";
    expect(offences(new Map([['tests/chaos/a.test.ts', text]]))).toHaveLength(1);
  });

  it('allows the pipeline of a world that checks', () => {
    expect(inWorld('const stages = world.pipeline();')).toEqual([]);
  });
});
