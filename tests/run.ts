/**
 * `npm test`: all groups, or those that are named (`npm test -- unit contract`).
 *
 *   1. install what the groups need beside the packages of npm: the emulator, and what the tests compare with
 *   2. the deployed cloud, which mostly waits, and then a new one for the operator's day; beside it, one after the other:
 *      check (format and lint, types, dead code; each counts as one test), unit, component and contract, and last the page,
 *      infra and chaos at the same time
 *   3. run files again that failed while they shared the machine and whose tests wait for processes: alone, once. What
 *      passes then is counted as passed, and is named at the end with how it failed first
 *   4. look for leftover processes; one is a failed test. Temporary files are deleted
 *   5. print what the tests say of each fault of the catalogue (tests/support/fault-table); one without a test has failed
 *
 * The last line is `N passed, N failed`; the one before it says how many were skipped, where there are any. Ends with 1
 * when anything failed or nothing was run.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statfsSync } from 'node:fs';
import { setPriority, tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { z } from 'zod';
import { endWithParent } from '../localstack/end-with-parent.ts';
import { messageOf } from '../localstack/problem.ts';
import { commandOf, isAlive, until } from '../localstack/processes.ts';
import { pythonWithEmulator } from '../localstack/python.ts';
import { root } from '../localstack/state-folder.ts';
import { installPython, installYahooFinance2 } from './clients/yahoo-clients.ts';
import { installSchemathesis } from './fuzz/schemathesis.ts';
import { faultLines, faultTable, type Tested, testedSchema } from './support/fault-table/fault-table.ts';
import { installPostgres14 } from './support/postgres-14.ts';

/** Bytes. A run has used 1.1 GB. */
const roomForScratch = 4 * 2 ** 30;

const bin = join(root, 'node_modules', '.bin');
/** Each on a deployed cloud of its own. */
const onClouds = ['local', 'operators-day'];
const groups = ['check', 'unit', 'component', 'contract', 'infra', 'browser', 'chaos', ...onClouds];
/** Their tests wait for databases, browsers and clouds, so that a machine that stands still for seconds can fail them. */
const waiting = ['contract', 'browser', 'chaos', ...onClouds];
/** More files than that do not fail by chance. */
const mostAgain = 6;
/** Of `npm run chaos` and `npm run clients`: not of `npm test`, unless they are named. With the folders of their tests. */
const onRequest: ReadonlyMap<string, string> = new Map([
  ['long-chaos', 'chaos/long'],
  ['clients', 'clients'],
]);

const checks: readonly (readonly [string, readonly string[]])[] = [
  ['format and lint', ['biome', 'check', '--error-on-warnings', '.']],
  // Several threads would each check the types of the libraries, in vain while two cores are busy.
  ['types', ['tsc', '-p', '.', '--singleThreaded', '--incremental', 'false']],
  ['types of the dashboard', ['tsc', '-p', 'web', '--singleThreaded', '--incremental', 'false']],
  ['dead code', ['knip', '--no-progress']],
];

const reportSchema = z.object({
  numPassedTests: z.int(),
  numFailedTests: z.int(),
  numPendingTests: z.int(),
  numTodoTests: z.int(),
  testResults: z.array(
    z.object({
      status: z.string(),
      name: z.string(),
      message: z.string().default(''),
      assertionResults: z.array(testedSchema.extend({ failureMessages: z.array(z.string()).default([]) })),
    }),
  ),
});

type TestFile = z.infer<typeof reportSchema>['testResults'][number];

interface Tally {
  passed: number;
  failed: number;
  skipped: number;
  /** The failures with their first lines, repeated at the end of a long log. */
  readonly failures: string[];
  readonly tested: Tested[];
  /** Files that have failed once, of the groups whose tests wait. */
  readonly again: { readonly group: string; readonly file: TestFile }[];
  /** What failed first and passed then. */
  readonly second: string[];
}

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !groups.includes(name) && !onRequest.has(name));
if (unknown.length > 0) {
  console.error(`There is no group ${unknown.join(', ')}.\nUsage: npm test [-- ${groups.join(' | ')} …]`);
  process.exit(2);
}
const chosen = (name: string) => (wanted.length === 0 ? !onRequest.has(name) : wanted.includes(name));

/** Every process that descends from here has this in its environment, wherever it was moved. */
const marker = `QUOTRON_TEST_RUN=${randomUUID()}`;
const scratch = makeScratch();
const environment = {
  ...process.env,
  PATH: `${bin}:${process.env['PATH'] ?? ''}`,
  TMPDIR: scratch,
  [marker.split('=')[0] ?? '']: marker.split('=')[1],
};
const running = new Set<ChildProcess>();
let interrupted = false;
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(name, () => {
    interrupted = true;
    for (const child of running) child.kill(name);
  });
}

await install();

const tally: Tally = { passed: 0, failed: 0, skipped: 0, failures: [], tested: [], again: [], second: [] };
try {
  // Told when it ends, so that it does not mix with what the others say.
  await Promise.all([onTheCloud(), besideTheCloud()]);
  await onceMore();
  await findLeftovers();
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

const table = faultTable(tally.tested).filter(({ files }) => wanted.length === 0 || files.length > 0);
if (table.length > 0 && !interrupted) console.log(`The faults that are injected:\n${faultLines(table).join('\n')}`);

// A failed test counts already. In a run of some groups, faults of the others have no test.
for (const { number, name, verdict } of table.filter((row) => row.wrong && row.verdict !== 'fails')) {
  if (interrupted) continue;
  tally.failed++;
  tally.failures.push(`fault ${number}, ${name}: ${verdict}`);
}

const { passed, failed, skipped, failures, second } = tally;
for (const failure of second) console.log(`passed alone, at the second try: ${failure}`);
for (const failure of failures) console.log(`✗ ${failure}`);
if (skipped > 0) console.log(`${skipped} skipped`);
console.log(`${passed} passed, ${failed} failed`);
process.exit(interrupted ? 130 : failed > 0 || passed === 0 ? 1 : 0);

/**
 * The temporary folder of all tests, so that nothing of them stays behind. In memory where there is room, because most
 * of it is files of short-lived databases.
 */
function makeScratch(): string {
  const memory = '/dev/shm';
  for (const parent of [memory, tmpdir()]) dropOfDeadRuns(parent);
  const fits = runsPrograms(memory) && roomIn(memory) >= roomForScratch;
  const folder = mkdtempSync(join(fits ? memory : tmpdir(), `quotron-tests-${process.pid}-`));
  // The database's account passes through it.
  chmodSync(folder, 0o711);
  return folder;
}

/** A killed run leaves its folder behind, which would use up memory. */
function dropOfDeadRuns(parent: string): void {
  for (const name of existsSync(parent) ? readdirSync(parent) : []) {
    const pid = /^quotron-tests-(\d+)-/.exec(name)?.[1];
    if (pid === undefined || isAlive(Number(pid))) continue;
    try {
      rmSync(join(parent, name), { recursive: true, force: true });
    } catch {
      // Another user's.
    }
  }
}

function roomIn(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}

/** Whether programs such as Chromium may run from a mount there. Containers often forbid it. */
function runsPrograms(mountPoint: string): boolean {
  const mounts = existsSync('/proc/mounts') ? readFileSync('/proc/mounts', 'utf8').split('\n') : [];
  const options = mounts.map((line) => line.split(' ')).findLast(([, where]) => where === mountPoint)?.[3];
  return options !== undefined && !options.split(',').includes('noexec');
}

/** A failed installation is reported by the tests that need it. */
async function install(): Promise<void> {
  const started = performance.now();
  const done = await Promise.allSettled([
    ...(chosen('local') ? [installSchemathesis()] : []),
    ...([...onClouds, 'chaos', 'long-chaos'].some(chosen) ? [pythonWithEmulator(() => undefined)] : []),
    ...(chosen('contract') ? [installPython(), installYahooFinance2(), installPostgres14()] : []),
  ]);
  for (const each of done) if (each.status === 'rejected') console.log(messageOf(each.reason));
  if (done.length > 0) console.log(`Packages of the tests: ${((performance.now() - started) / 1000).toFixed(1)} s`);
}

/** One cloud after the other. */
async function onTheCloud(): Promise<void> {
  const output = groups.some((name) => !onClouds.includes(name) && chosen(name)) ? 'collect' : 'show';
  for (const name of onClouds) await vitest([name], output);
}

async function besideTheCloud(): Promise<void> {
  if (chosen('check')) for (const [title, command] of checks) await check(title, command);
  await vitest(['unit', 'component', 'contract'], 'show');
  const last = ['browser', 'infra', 'chaos'].filter(chosen);
  await Promise.all(last.map((name) => vitest([name], name === last[0] ? 'show' : 'collect')));
  for (const name of onRequest.keys()) await vitest([name], 'show');
}

function hasTests(group: string): boolean {
  const folder = join(root, 'tests', onRequest.get(group) ?? group);
  return (
    existsSync(folder) && readdirSync(folder, { recursive: true }).some((name) => String(name).endsWith('.test.ts'))
  );
}

async function check(title: string, [command = '', ...args]: readonly string[]): Promise<void> {
  if (interrupted) return;
  const started = performance.now();
  const { code, output } = await run([join(bin, command), ...args], 'collect');
  if (code === 0) tally.passed++;
  else {
    tally.failed++;
    tally.failures.push(`check: ${title}`);
    console.log(output.trimEnd());
  }
  console.log(`${code === 0 ? '✓' : '✗'} check: ${title} (${((performance.now() - started) / 1000).toFixed(1)} s)`);
}

async function vitest(
  among: readonly string[],
  output: 'show' | 'collect',
  files: readonly string[] = [],
): Promise<void> {
  const projects = among.filter((name) => chosen(name) && hasTests(name));
  if (projects.length === 0 || interrupted) return;
  const file = join(scratch, `${projects.join('-')}${files.length > 0 ? '-again' : ''}.json`);
  const { code, output: told } = await run(
    [
      ...[join(bin, 'node'), join(root, 'node_modules', 'vitest', 'vitest.mjs'), 'run'],
      // `contract*` is two projects.
      ...projects.flatMap((name) => ['--project', `${name}*`]),
      ...files,
      ...['--reporter=default', '--reporter=json', `--outputFile.json=${file}`],
    ],
    output,
    // It mostly waits, and would otherwise finish last.
    projects.some((name) => onClouds.includes(name)) ? 'this' : 'others',
  );
  if (output === 'collect') console.log(told.trimEnd());
  if (!existsSync(file)) {
    tally.failed++;
    tally.failures.push(`${projects.join(', ')}: vitest ended (exit code ${code}) without a report`);
    return;
  }
  const report = reportSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  for (const each of report.testResults) {
    const group = relative(join(root, 'tests'), each.name).split('/')[0] ?? '';
    if (failuresOf(each).length > 0 && files.length === 0 && waiting.includes(group))
      tally.again.push({ group: projects.find((name) => onClouds.includes(name)) ?? group, file: each });
    else count(each);
  }
  if (code !== 0 && report.testResults.every((each) => failuresOf(each).length === 0)) {
    tally.failed++;
    tally.failures.push(`${projects.join(', ')}: an error outside of any test (exit code ${code})`);
  }
}

/** A file that cannot be loaded, or whose hooks fail, has no failed test of its own, and counts as one. */
function count(file: TestFile): void {
  const of = (...states: string[]) => file.assertionResults.filter(({ status }) => states.includes(status)).length;
  const failures = failuresOf(file);
  tally.passed += of('passed');
  tally.skipped += of('skipped', 'pending', 'todo');
  tally.failed += failures.length;
  tally.failures.push(...failures);
  tally.tested.push(...file.assertionResults.map((each) => ({ ...each, file: relative(root, file.name) })));
}

/** The files that failed beside others, alone. */
async function onceMore(): Promise<void> {
  const { again } = tally;
  if (interrupted || again.length > mostAgain) {
    for (const { file } of again) count(file);
    return;
  }
  for (const name of new Set(again.map(({ group }) => group))) {
    const files = again.filter(({ group }) => group === name).map(({ file }) => file);
    console.log(`Once more, alone: ${files.map((each) => relative(root, each.name)).join(', ')}`);
    await vitest(
      [name],
      'show',
      files.map((each) => relative(root, each.name)),
    );
    for (const each of files) {
      const fails = tally.failures.some((failure) => failure.startsWith(`${relative(root, each.name)}: `));
      if (!fails) tally.second.push(...failuresOf(each));
    }
  }
}

/** The failures of a file, each with the first lines of its error. */
function failuresOf({ name, message, status, assertionResults }: TestFile): string[] {
  const file = relative(root, name);
  const failed = assertionResults.filter((each) => each.status === 'failed');
  if (status === 'failed' && failed.length === 0) return [`${file}: ${firstLines(message)}`];
  return failed.map((each) => `${file}: ${each.fullName}: ${firstLines(each.failureMessages[0] ?? '')}`);
}

function firstLines(text: string): string {
  return stripVTControlCharacters(text).split('\n').slice(0, 4).join('\n    ');
}

/** With `others`, the other processes get the processor first. */
function run(
  command: readonly string[],
  output: 'show' | 'collect',
  first: 'others' | 'this' = 'others',
): Promise<{ code: number; output: string }> {
  return new Promise((resolve, reject) => {
    const [program = '', ...args] = command;
    const child = spawn(program, args, {
      cwd: root,
      env: environment,
      stdio: ['ignore', ...(output === 'show' ? (['inherit', 'inherit'] as const) : (['pipe', 'pipe'] as const))],
      detached: true,
    });
    endWithParent(child, 'SIGTERM', 60);
    running.add(child);
    if (first === 'others' && child.pid !== undefined) setPriority(child.pid, 5);
    let text = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        text += chunk.toString();
      });
    }
    child.once('error', reject);
    child.once('close', (code) => {
      running.delete(child);
      resolve({ code: code ?? 1, output: text });
    });
  });
}

/** Ends leftover processes and counts them as one failure. Needs /proc; elsewhere it finds nothing. */
async function findLeftovers(): Promise<void> {
  // A process that was just stopped may need a moment.
  await until(() => marked().length === 0, 3_000);
  const left = marked();
  if (left.length === 0) return;
  tally.failed++;
  for (const pid of left) {
    tally.failures.push(`a process was left behind: ${pid} ${commandOf(pid) ?? ''}`);
    process.kill(pid, 'SIGKILL');
  }
}

function marked(): number[] {
  if (!existsSync('/proc/self/environ')) return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((name) => {
      try {
        return readFileSync(`/proc/${name}/environ`, 'utf8').split('\0').includes(marker);
      } catch {
        // Gone, or another user's.
        return false;
      }
    })
    .map(Number);
}
