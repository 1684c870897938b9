import { messageOf } from '../../localstack/problem.ts';
import type { Bench } from './bench.ts';
import { documentOf } from './documents.ts';
import type { FunctionRole, Permission } from './emulator-iam.ts';
import { scenarioOf } from './scenarios.ts';
import type { Scenario } from './steps.ts';

/** What became of the permissions of a role. */
export interface Proof {
  /** In words, sorted: without each of them the emulator refuses the function's call, a scenario fails, and with it passes. */
  readonly proven: readonly string[];
  /** Nothing fails without them, and pages of AWS ask for them. */
  readonly documented: readonly string[];
  /** Nothing fails without them, and nobody asks for them. */
  readonly spare: readonly string[];
  /** Scenarios that fail for another reason, and why: what they need is in none of the lists. */
  readonly broken: readonly string[];
}

/** Takes each permission of a role away, one at a time, and runs the scenario that needs it. */
export async function prove(bench: Bench, role: FunctionRole, interrupted: () => boolean): Promise<Proof> {
  const byScenario = new Map<Scenario | undefined, Permission[]>();
  for (const permission of role.permissions) {
    const scenario = scenarioOf(role.fn, permission.words);
    byScenario.set(scenario, [...(byScenario.get(scenario) ?? []), permission]);
  }
  const proven = new Set<string>();
  const notMissed: { readonly words: string; readonly isRefused: boolean }[] = [];
  const broken: string[] = [];
  for (const [scenario, permissions] of byScenario) {
    if (interrupted()) break;
    const missed: string[] = [];
    for (const permission of permissions) {
      const refusedTo = bench.watchRefusals();
      const problem = scenario && (await role.without(permission, () => problemOf(bench, scenario)));
      const isRefused = refusedTo(role.fn).includes(permission.action);
      if (problem && isRefused) missed.push(permission.words);
      else if (problem) broken.push(`${role.fn}: ${permission.words}: nothing was refused, and ${problem}`);
      else notMissed.push({ words: permission.words, isRefused });
      if (problem && process.env['QUOTRON_SAY_HOW'])
        console.log(`  ${role.fn} without ${permission.words}: ${problem}`);
    }
    // One that fails anyway proves nothing.
    const problem = scenario && (await problemOf(bench, scenario));
    if (problem) broken.push(`${role.fn}: ${scenario.needs.join(', ')}: with all permissions, ${problem}`);
    else for (const words of missed) proven.add(words);
  }
  return {
    proven: [...proven].sort(),
    documented: notMissed.flatMap(({ words }) => (documentOf(role.fn, words) ? [words] : [])),
    spare: notMissed.flatMap(({ words, isRefused }) =>
      documentOf(role.fn, words) ? [] : [isRefused ? `${words} (refused, and nothing failed)` : words],
    ),
    broken,
  };
}

/** Why a scenario fails; null when it passes. */
async function problemOf(bench: Bench, scenario: Scenario): Promise<string | null> {
  try {
    await scenario.run(bench);
    return null;
  } catch (error) {
    return messageOf(error).split('\n')[0] ?? 'it fails';
  }
}
