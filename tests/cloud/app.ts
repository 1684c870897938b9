/**
 * What `quotron deploy` synthesizes in the cloud test, in the place of `bin/quotron.ts`: the same app, its templates changed
 * for LocalStack by the written list. `node app.ts <replacements> <changed>`: two files, of which the second is written.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import { root } from '../../localstack/state-folder.ts';
import { forLocalStack, replacementsSchema, type Template, templateSchema } from './templates.ts';

// `cdk bootstrap` synthesizes whatever app it knows, and is started elsewhere so that it knows none.
if (process.cwd() === root) await synthesize();
else new Stack(new App(), 'Nothing');

async function synthesize(): Promise<void> {
  const [from = '', to = ''] = process.argv.slice(2);
  const replacements = replacementsSchema.parse(JSON.parse(readFileSync(from, 'utf8')));
  const { app } = await import('../../bin/quotron.ts');
  const { directory, stacks } = app.synth();
  const before = stacks.map(({ stackName, templateFile }): [string, Template] => [
    stackName,
    templateSchema.parse(JSON.parse(readFileSync(join(directory, templateFile), 'utf8'))),
  ]);
  const { templates, changed } = forLocalStack(Object.fromEntries(before), replacements);
  for (const { stackName, templateFile } of stacks)
    writeFileSync(join(directory, templateFile), JSON.stringify(templates[stackName]));
  writeFileSync(to, JSON.stringify(changed));
}
