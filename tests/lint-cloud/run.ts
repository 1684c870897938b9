/**
 * `npm run lint:cloud`: synthesizes both stages of the cloud, one with its events on Kafka and one that streams them, with cdk-nag, and looks at the templates with cfn-lint and
 * checkov. What is left as it is stands with its reason in `.checkov.yaml`, in `.cfnlintrc.yaml` and at the constructs.
 *
 * Ends with 1 for any finding, and for an entry of `.checkov.yaml` that nothing needs any more.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endWithParent } from '../../localstack/end-with-parent.ts';
import { root } from '../../localstack/state-folder.ts';
import { buildWeb } from '../../localstack/web-build.ts';
import { installedPython } from '../clients/install.ts';
import { compareFindings, type Finding, findingsIn, reasonedChecks } from './checkov.ts';

const stages = [
  { name: 'dev', stage: 'dev', env: {} },
  { name: 'prod', stage: 'prod', env: {} },
  { name: 'prod on Kafka', stage: 'prod', env: { QUOTRON_EVENTS: 'kafka' } },
  { name: 'prod with streams', stage: 'prod', env: { QUOTRON_EVENT_STREAMS: 'on' } },
];
/** Nobody gets mail: nothing is deployed. */
const placeholders = { QUOTRON_ALARM_EMAIL: 'operator@example.com' };
/** Checkov has some 150 packages. */
const installMs = 900_000;

const folder = mkdtempSync(join(tmpdir(), 'quotron-lint-'));
const problems: string[] = [];
try {
  await buildWeb();
  const python = await installedPython(
    'lint-cloud',
    [join(import.meta.dirname, 'requirements.txt')],
    'cfn-lint and checkov',
    installMs,
  );
  const findings: Finding[] = [];
  for (const { name, stage, env } of stages) {
    const out = join(folder, name.replaceAll(' ', '-'));
    const synth = ['synth', '--quiet', '--context', `stage=${stage}`, '--output', out];
    await expectClean(`cdk synth with cdk-nag, ${name}`, join(root, 'node_modules', '.bin', 'cdk'), synth, env);
    const templates = templatesIn(out);
    await expectClean(`cfn-lint, ${name}`, join(python, 'bin', 'cfn-lint'), ['--template', ...templates]);
    findings.push(...(await checkov(python, templates)));
  }
  const { unexplained, unneeded } = compareFindings(
    findings,
    reasonedChecks(readFileSync(join(root, '.checkov.yaml'), 'utf8')),
  );
  for (const { check, name, resource } of unexplained) problems.push(`checkov: ${check} ${resource}: ${name}`);
  for (const check of unneeded) problems.push(`.checkov.yaml: nothing needs ${check} any more: take it out`);
  console.log(`checkov: ${findings.length} findings, ${unexplained.length} without a reason`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
for (const problem of problems) console.error(problem);
console.log(problems.length === 0 ? 'The templates of all stages are clean.' : `${problems.length} problems`);
process.exit(problems.length === 0 ? 0 : 1);

function templatesIn(out: string): string[] {
  const names = readdirSync(out).filter((name) => name.endsWith('.template.json'));
  if (names.length === 0) problems.push(`${out} has no template: nothing was looked at`);
  return names.map((name) => join(out, name));
}

/** Not where its list of what to skip lies, so that this can be compared with what it finds. */
async function checkov(python: string, templates: readonly string[]): Promise<readonly Finding[]> {
  const { code, out, err } = await run(
    join(python, 'bin', 'python'),
    [
      ...[join(python, 'bin', 'checkov'), '--framework', 'cloudformation'],
      ...['--quiet', '--compact', '--skip-download', '--soft-fail', '--output', 'json'],
      ...templates.flatMap((template) => ['--file', template]),
    ],
    folder,
  );
  if (code !== 0) throw new Error(`checkov ended with ${code}: ${err.slice(-1_500)}`);
  return findingsIn(out);
}

async function expectClean(
  what: string,
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<void> {
  const { code, out, err } = await run(command, args, root, env);
  if (code !== 0) problems.push(`${what}, exit code ${code}:\n${`${out}\n${err}`.trim().slice(-4_000)}`);
  console.log(`${what}: ${code === 0 ? 'clean' : 'findings'}`);
}

function run(
  command: string,
  args: readonly string[],
  cwd = root,
  env: Readonly<Record<string, string>> = {},
): Promise<{ code: number; out: string; err: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...placeholders, ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    endWithParent(child, 'SIGTERM', 60);
    const said = { out: '', err: '' };
    child.stdout.on('data', (chunk: Buffer) => {
      said.out += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      said.err += chunk.toString();
    });
    child.once('error', reject);
    child.once('close', (code) => resolve({ code: code ?? 1, ...said }));
  });
}
