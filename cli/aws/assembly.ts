import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { type Installation, stackPrefix } from '../../core/contracts/installation.ts';

/** An object of a template by names that are not ours. */
function byName<T>(value: z.ZodType<T>) {
  return z.record(z.string(), value).transform((given) => new Map(Object.entries(given)));
}

const resourceSchema = z.object({
  Type: z.string(),
  Properties: byName(z.unknown()).default(new Map()),
  DeletionPolicy: z.string().optional(),
  Metadata: z.object({ 'aws:cdk:path': z.string().optional() }).default({}),
});
export type TemplateResource = z.infer<typeof resourceSchema>;
export const templateSchema = z.object({ Resources: byName(resourceSchema) });
export type Template = z.infer<typeof templateSchema>;

/** A stack as `cdk synth` has written it. */
export interface SynthesizedStack {
  readonly part: string;
  readonly name: string;
  readonly template: Template;
  readonly json: unknown;
}

const artifactSchema = z.object({
  type: z.string(),
  properties: z.looseObject({ templateFile: z.string().optional() }).default({}),
  dependencies: z.array(z.string()).default([]),
});
const manifestSchema = z.object({ artifacts: z.record(z.string(), artifactSchema) });

/** The stacks that `cdk synth` has written for a stage, each behind those that it depends on. */
export function readAssembly(folder: string, installation: Installation): SynthesizedStack[] {
  const read = (file: string): unknown => JSON.parse(readFileSync(join(folder, file), 'utf8'));
  const { artifacts } = manifestSchema.parse(read('manifest.json'));
  const stacks = new Map(Object.entries(artifacts).filter(([, { type }]) => type === 'aws:cloudformation:stack'));
  const ordered: string[] = [];
  const take = (name: string) => {
    if (ordered.includes(name)) return;
    for (const before of stacks.get(name)?.dependencies ?? []) if (stacks.has(before)) take(before);
    ordered.push(name);
  };
  for (const name of stacks.keys()) take(name);
  return ordered.map((name) => {
    const json = read(stacks.get(name)?.properties.templateFile ?? '');
    return { part: name.slice(stackPrefix(installation).length), name, template: templateSchema.parse(json), json };
  });
}

/** What a resource is called for people: its place in the app without the stack, `Database/Instance`. */
export function resourcePath(id: string, resource: TemplateResource | undefined): string {
  const path = resource?.Metadata['aws:cdk:path'];
  if (path === undefined) return id;
  return path
    .split('/')
    .slice(1)
    .filter((each) => each !== 'Resource' && each !== 'Default')
    .join('/');
}
