import type { FunctionName } from '../../core/contracts/functions.ts';
import { alertScenarios } from './alert-scenarios.ts';
import { archiveScenarios } from './archive-scenarios.ts';
import { doorScenarios } from './door-scenarios.ts';
import { exportScenarios } from './export-scenarios.ts';
import { pipelineScenarios } from './pipeline-scenarios.ts';
import type { Scenario } from './steps.ts';

/**
 * The shortest scenario of each permission that the emulator enforces: it throws when the permission is missing. Each leaves
 * what the next one needs as it found it.
 */
export const scenarios: readonly Scenario[] = [
  ...pipelineScenarios,
  ...alertScenarios,
  ...archiveScenarios,
  ...exportScenarios,
  ...doorScenarios,
];

/** The scenario by which a permission is proven: the first that needs it. */
export function scenarioOf(fn: FunctionName, words: string): Scenario | undefined {
  return scenarios.find((scenario) => scenario.fn === fn && scenario.needs.includes(words));
}
