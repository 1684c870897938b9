/**
 * `npm run least-privilege`: takes each permission of each function's role away, one at a time, and runs the shortest scenario
 * that needs it, on a deployed local cloud whose emulator enforces IAM.
 *
 *   1. a local cloud, held still
 *   2. of each permission: the policy is changed in place, the emulator must refuse the call and the scenario must fail, the
 *      policy is put back; with all of them it must pass
 *   3. the list of what is proven so, `proven.json`, and the figures of docs/security.md are written
 *
 * A permission without which nothing fails, and for which no page of AWS asks (`documents.ts`), is spare: it is named, and the
 * command ends with 1. `-- schedule api` looks at some functions, and leaves what is said of the others.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stageTemplates } from '../../bin/stage-templates.ts';
import { cloudFunctions, functionNames, optionalFunctions } from '../../core/contracts/functions.ts';
import { messageOf } from '../../localstack/problem.ts';
import { startTestCloud, type TestCloud } from '../support/test-cloud.ts';
import { holdStill } from './bench.ts';
import { roleOf } from './emulator-iam.ts';
import { permissionsOf } from './of-templates.ts';
import { type Proof, prove } from './prove.ts';
import { figuresStage, provenFile, provenPermissions, reasonsOf, securityPage, withFigures } from './proven.ts';

const started = performance.now();
const seconds = () => `${Math.round((performance.now() - started) / 1000)} s`;
let interrupted = false;
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.once(name, () => {
    interrupted = true;
  });

try {
  process.exitCode = await run(process.argv.slice(2));
} catch (error) {
  console.error(messageOf(error));
  process.exitCode = 1;
}

async function run(chosen: readonly string[]): Promise<number> {
  const deployed = functionNames.filter((name) => !optionalFunctions.includes(name) && !cloudFunctions.includes(name));
  const strange = chosen.filter((name) => !deployed.some((one) => one === name));
  if (strange.length > 0) throw new Error(`The local cloud has no function ${strange.join(', ')}.`);
  console.log('Starts a local cloud …');
  const cloud = await startTestCloud();
  try {
    const wanted = deployed.filter((name) => chosen.length === 0 || chosen.includes(name));
    const proofs = await proofsOf(cloud, wanted);
    if (interrupted) return 130;
    return conclude(proofs, chosen.length === 0);
  } finally {
    await cloud.stop();
  }
}

async function proofsOf(of: TestCloud, wanted: readonly (typeof functionNames)[number][]): Promise<Map<string, Proof>> {
  const bench = await holdStill(of);
  const proofs = new Map<string, Proof>();
  try {
    for (const fn of wanted) {
      if (interrupted) break;
      const role = await roleOf(fn, of.cloud.emulator, of.cloud.outputs);
      const proof = await prove(bench, role, () => interrupted);
      proofs.set(fn, proof);
      console.log(`${fn}: ${proof.proven.length} of ${role.permissions.length} proven by running (${seconds()})`);
    }
  } finally {
    bench.close();
  }
  return proofs;
}

function conclude(proofs: ReadonlyMap<string, Proof>, all: boolean): number {
  const list = (choose: (proof: Proof) => readonly string[]) =>
    [...proofs].flatMap(([fn, proof]) => choose(proof).map((words) => `${fn}: ${words}`));
  const spare = list(({ spare }) => spare);
  const broken = list(({ broken }) => broken);
  for (const each of broken) console.log(`✗ proves nothing: ${each}`);
  for (const each of spare) console.log(`✗ nothing fails without it, and no page of AWS asks for it: ${each}`);
  const count = (choose: (proof: Proof) => readonly string[]) => list(choose).length;
  console.log(
    `In the local cloud ${count(({ proven }) => proven)} are proven by running, ` +
      `${count(({ documented }) => documented)} by document, ${spare.length} are spare (${seconds()})`,
  );
  if (spare.length + broken.length > 0) return 1;
  const ofProofs = Object.fromEntries([...proofs].map(([fn, { proven }]) => [fn, proven]));
  writeFileSync(provenFile, `${JSON.stringify(all ? ofProofs : { ...provenPermissions(), ...ofProofs }, null, 2)}\n`);
  writeFigures();
  console.log('Written: tests/permissions/proven.json and the figures of docs/security.md');
  return 0;
}

function writeFigures(): void {
  const folder = mkdtempSync(join(tmpdir(), 'quotron-permissions-'));
  try {
    const reasons = reasonsOf(permissionsOf(stageTemplates(figuresStage, folder), figuresStage));
    writeFileSync(securityPage, withFigures(readFileSync(securityPage, 'utf8'), reasons));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
