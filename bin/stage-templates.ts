import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import * as z from 'zod';
import { addQuotron } from '../lib/add-quotron.ts';
import { stageSettings } from './stages.ts';

const cdkJson = z.object({ context: z.record(z.string(), z.unknown()) });

/** The templates of a stage on AWS as `bin/quotron.ts` makes them of the environment `env`, without bundling a function or building the dashboard. */
export function stageTemplates(
  stage: 'dev' | 'prod',
  folder: string,
  env: Readonly<Record<string, string>> = {},
): unknown[] {
  const { context } = cdkJson.parse(JSON.parse(readFileSync(resolve(import.meta.dirname, '../cdk.json'), 'utf8')));
  const app = new App({
    analyticsReporting: false,
    builtinCloudFormationValidation: false,
    outdir: mkdtempSync(join(folder, 'out-')),
    context: { ...context, 'aws:cdk:bundling-stacks': [] },
  });
  const settings = stageSettings(stage, { QUOTRON_ALARM_EMAIL: 'operator@example.com', ...env });
  if (settings.stage === 'local') throw new Error('The local stage costs nothing and has no price.');
  const webFolder = join(folder, 'web');
  mkdirSync(join(webFolder, 'assets'), { recursive: true });
  writeFileSync(join(webFolder, 'index.html'), '<!doctype html>');
  writeFileSync(join(webFolder, 'assets', 'index.js'), '');
  addQuotron(app, { ...settings, webFolder });
  const assembly = app.synth();
  return app.node.children.filter(Stack.isStack).map((stack) => assembly.getStackArtifact(stack.artifactId).template);
}
