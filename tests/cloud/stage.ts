/** The stage `dev` as `bin/quotron.ts` has it, with its bundles, changed for LocalStack by the written list. */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { App, type Stack } from 'aws-cdk-lib';
import * as z from 'zod';
import { stageSettings } from '../../bin/stages.ts';
import { addQuotron } from '../../lib/add-quotron.ts';
import type { CloudSettings } from '../../lib/stage-settings.ts';
import { root } from '../../localstack/state-folder.ts';
import { type Changed, forLocalStack, type Replacements, type Template, templateSchema } from './templates.ts';

const cdkJson = z.object({ context: z.record(z.string(), z.unknown()) });

export interface SynthesizedStage {
  /** What the command of CDK deploys: `--app`. */
  readonly assembly: string;
  /** Names of the stacks, in the order in which they build on each other. */
  readonly stacks: readonly string[];
  readonly changed: readonly Changed[];
}

/** Synthesizes it into a new folder below `folder`. `settings` replace those of the stage. */
export function synthesizeStage(
  folder: string,
  replacements: Replacements,
  settings: Partial<CloudSettings> = {},
): SynthesizedStage {
  const { context } = cdkJson.parse(JSON.parse(readFileSync(join(root, 'cdk.json'), 'utf8')));
  const assembly = mkdtempSync(join(folder, 'cdk-'));
  const app = new App({ analyticsReporting: false, builtinCloudFormationValidation: false, outdir: assembly, context });
  const usual = stageSettings('dev', {});
  if (usual.stage === 'local') throw new Error('dev is no laptop');
  const made = Object.values(addQuotron(app, { ...usual, ...settings })).filter((stack) => stack !== undefined);
  app.synth();
  const fileOf = (stack: Stack) => join(assembly, stack.templateFile);
  const before = made.map((stack): [string, Template] => [
    stack.stackName,
    templateSchema.parse(JSON.parse(readFileSync(fileOf(stack), 'utf8'))),
  ]);
  const { templates, changed } = forLocalStack(Object.fromEntries(before), replacements);
  for (const stack of made) writeFileSync(fileOf(stack), JSON.stringify(templates[stack.stackName]));
  return { assembly, stacks: made.map(({ stackName }) => stackName), changed };
}
