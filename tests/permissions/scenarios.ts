/**
 * The shortest scenario of each permission that the emulator enforces: it throws when the permission is missing. Each leaves
 * what the next one needs as it found it.
 */
import { doorScenarios } from './door-scenarios.ts';
import { pipelineScenarios } from './pipeline-scenarios.ts';
import type { Scenario } from './steps.ts';

/** The first that needs a permission proves it. */
export const scenarios: readonly Scenario[] = [...pipelineScenarios, ...doorScenarios];
