/**
 * `npm run least-privilege`: takes each permission of each function's role away, one at a time, and runs the shortest scenario
 * that needs it, on a deployed local cloud whose emulator enforces IAM.
 *
 *   1. a local cloud, held still; all scenarios pass with all permissions
 *   2. of each permission: the policy is changed in place, its scenario must fail, the policy is put back
 *   3. the list of what is proven so, `proven.json`, and the figures of docs/security.md are written
 *
 * A permission without which nothing fails, and for which no page of AWS asks (`documents.ts`), is spare: it is named, and the
 * command ends with 1. `-- schedule api` looks at some functions and writes nothing.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stageTemplates } from '../../bin/stage-templates.ts';
import { type FunctionName, functionNames, optionalFunctions } from '../../core/contracts/functions.ts';
import { messageOf } from '../../localstack/problem.ts';
import { root } from '../../localstack/state-folder.ts';
import { startTestCloud, type TestCloud } from '../support/test-cloud.ts';
import { type Bench, holdStill } from './bench.ts';
import { documentOf } from './documents.ts';
import { type FunctionRole, type Permission, roleOf } from './emulator-iam.ts';
import { permissionsOf } from './of-templates.ts';
import { provenFile, reasonsOf, withFigures } from './proven.ts';
import { scenarios } from './scenarios.ts';
import type { Scenario } from './steps.ts';

const started = performance.now();
const chosen = process.argv.slice(2);
const wanted = (fn: FunctionName) => chosen.length === 0 || chosen.includes(fn);
const seconds = () => `${Math.round((performance.now() - started) / 1000)} s`;
const securityPage = join(root, 'docs', 'security.md');

console.log('Starts a local cloud …');
const cloud = await startTestCloud();
let interrupted = false;
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.once(name, () => {
    interrupted = true;
  });
try {
  process.exitCode = await prove(cloud);
} finally {
  await cloud.stop();
}

async function prove(of: TestCloud): Promise<number> {
  const bench = await holdStill(of);
  try {
    const roles: FunctionRole[] = [];
    for (const fn of functionNames.filter(
      (name) => wanted(name) && !optionalFunctions.includes(name) && name !== 'prepare-database',
    ))
      roles.push(await roleOf(fn, of.cloud.emulator, of.cloud.outputs));
    const failing = await failingAnyway(bench);
    if (failing.length > 0) {
      console.log(`These scenarios fail with all permissions, so they prove nothing:\n  ${failing.join('\n  ')}`);
      return 1;
    }
    return await oneByOne(bench, roles);
  } finally {
    bench.close();
  }
}

async function failingAnyway(bench: Bench): Promise<string[]> {
  const failing: string[] = [];
  for (const scenario of scenarios.filter(({ fn }) => wanted(fn))) {
    if (interrupted) break;
    const problem = await fails(bench, scenario);
    if (problem !== null) failing.push(`${scenario.fn}: ${scenario.needs.join(', ')}: ${problem}`);
  }
  console.log(
    `${scenarios.filter(({ fn }) => wanted(fn)).length} scenarios, ${failing.length} fail with all permissions (${seconds()})`,
  );
  return failing;
}

/** Null when a scenario passes. */
async function fails(bench: Bench, scenario: Scenario): Promise<string | null> {
  try {
    await scenario.run(bench);
    return null;
  } catch (error) {
    return messageOf(error).split('\n')[0] ?? 'it fails';
  }
}

async function oneByOne(bench: Bench, roles: readonly FunctionRole[]): Promise<number> {
  const proven = new Map<FunctionName, string[]>();
  const spare: string[] = [];
  let byDocument = 0;
  for (const role of roles) {
    const own: string[] = [];
    for (const permission of role.permissions) {
      if (interrupted) return 130;
      if (await isProven(bench, role, permission)) own.push(permission.words);
      else if (documentOf(role.fn, permission.words)) byDocument++;
      else spare.push(`${role.fn}: ${permission.words}`);
    }
    proven.set(role.fn, [...new Set(own)].sort());
    console.log(`${role.fn}: ${own.length} of ${role.permissions.length} proven by running (${seconds()})`);
  }
  for (const each of spare) console.log(`✗ nothing fails without it, and no document asks for it: ${each}`);
  const total = [...proven.values()].flat().length;
  console.log(
    `${total} proven by running, ${byDocument} by document, ${spare.length} spare in the local cloud (${seconds()})`,
  );
  if (chosen.length === 0 && spare.length === 0) {
    writeFileSync(provenFile, `${JSON.stringify(Object.fromEntries(proven), null, 2)}\n`);
    writeFigures();
    console.log('Written: tests/permissions/proven.json and the figures of docs/security.md');
  }
  return spare.length > 0 ? 1 : 0;
}

function writeFigures(): void {
  const folder = mkdtempSync(join(tmpdir(), 'quotron-permissions-'));
  try {
    const reasons = reasonsOf(permissionsOf(stageTemplates('dev', folder), 'dev'));
    writeFileSync(securityPage, withFigures(readFileSync(securityPage, 'utf8'), reasons));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function isProven(bench: Bench, role: FunctionRole, permission: Permission): Promise<boolean> {
  const scenario = scenarios.find(({ fn, needs }) => fn === role.fn && needs.includes(permission.words));
  if (scenario === undefined) return false;
  const problem = await role.without(permission, () => fails(bench, scenario));
  if (problem === null) return false;
  // The next one begins with nothing half done.
  if (process.env['QUOTRON_SAY_HOW']) console.log(`  ${role.fn} without ${permission.words}: ${problem}`);
  return true;
}
