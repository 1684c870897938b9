/**
 * What the templates of `dev` are changed by before they are deployed to LocalStack: `changes` is the whole list. A test in
 * `tests/infra` compares the templates before and after, and fails for anything that is not in it.
 */
import * as z from 'zod';
import { settingNames } from '../../core/contracts/settings.ts';

const resourceSchema = z.looseObject({
  Type: z.string(),
  Properties: z.record(z.string(), z.unknown()).optional(),
  DependsOn: z.union([z.string(), z.array(z.string())]).optional(),
});
export const templateSchema = z.looseObject({ Resources: z.record(z.string(), resourceSchema).default({}) });
export type Template = z.infer<typeof templateSchema>;
type Resource = z.infer<typeof resourceSchema>;

/** What stands in the place of what LocalStack does not have. */
export const replacementsSchema = z.object({
  databaseHost: z.string(),
  databasePort: z.int(),
  /** The folder with the certificate of the database's authority, `<region>.pem`. */
  rootsFolder: z.string(),
  sourceUrls: z.record(z.string(), z.string()),
});
export type Replacements = Readonly<z.infer<typeof replacementsSchema>>;

const changeNames = ['database', 'roots', 'sources', 'clock', 'weak'] as const;
export type Change = (typeof changeNames)[number];
/** The written list: what is changed, and why LocalStack or a test needs it. */
export const changes: Readonly<Record<Change, string>> = {
  database: 'RDS is not in LocalStack: its resources are left out, and what refers to them names a PostgreSQL with TLS',
  roots: 'the certificate of that PostgreSQL is of an authority of its own, not of RDS',
  sources: 'the simulator is asked in the place of the sources',
  clock: 'rules are off: the test says when it is time',
  weak: 'LocalStack does not know weak references between stacks: the export of the same value is imported instead',
};

export const changedSchema = z.object({
  change: z.enum(changeNames),
  /** `Storage DatabaseInstance`, and what of it. */
  where: z.string(),
});
export type Changed = z.infer<typeof changedSchema>;

/** Types that are left out: RDS, and what writes the address of an instance into its secret. */
export function isLeftOut(type: string): boolean {
  return type.startsWith('AWS::RDS::') || type === 'AWS::SecretsManager::SecretTargetAttachment';
}

/** Names of the functions that ask sources. */
const askSources = ['scrape-api', 'scrape-browser', 'yahoo-proxy'];
const variablesSchema = z.looseObject({ Variables: z.record(z.string(), z.unknown()) });

/** The templates, by the name of their stack, as they are deployed to LocalStack; and what was changed. */
export function forLocalStack(
  templates: Readonly<Record<string, Template>>,
  replacements: Replacements,
): { templates: Record<string, Template>; changed: Changed[] } {
  const changed: Changed[] = [];
  const outputs = outputsOf(templates);
  const exports = exportsOf(templates);
  const made = Object.entries(templates).map(([stack, template]) => {
    const said = (change: Change, where: string) => changed.push({ change, where: `${stack} ${where}` });
    return [stack, changedTemplate(template, { replacements, outputs, exports, said })] as const;
  });
  return { templates: Object.fromEntries(made), changed };
}

function changedTemplate(
  template: Template,
  {
    replacements,
    outputs,
    exports,
    said,
  }: {
    replacements: Replacements;
    outputs: Outputs;
    exports: ReadonlyMap<string, string>;
    said: (change: Change, where: string) => void;
  },
): Template {
  const gone = leftOutOf(template);
  for (const [id, { Type }] of gone) said('database', `${id}: ${Type} left out`);
  const kept = Object.entries(template.Resources).filter(([id]) => !gone.has(id));
  const resources = kept.map(([id, resource]) => [id, changedResource(id, resource, replacements, said)] as const);
  const { Resources: _all, ...rest } = template;
  const replaced = (path: string, value: unknown) =>
    withoutInstance(value, {
      ...{ gone, outputs, exports, replacements },
      said: (change, what) => said(change, `${path}: ${what}`),
    });
  const parts = Object.entries(rest).map(([part, value]) => [part, replaced(part, value)] as const);
  return templateSchema.parse({
    ...Object.fromEntries(parts),
    Resources: Object.fromEntries(
      resources.map(([id, resource]) => [id, replaced(id, withoutDependencies(resource, gone))] as const),
    ),
  });
}

function leftOutOf({ Resources }: Template): ReadonlyMap<string, Resource> {
  return new Map(Object.entries(Resources).filter(([, { Type }]) => isLeftOut(Type)));
}

/** The resource that is left out, and which of its attributes, behind an output of a stack. */
type Outputs = ReadonlyMap<string, { readonly resource: Resource; readonly attribute: string | undefined }>;

/** The outputs that name what is left out, by their name: other stacks read them in a way that LocalStack does not know. */
function outputsOf(templates: Readonly<Record<string, Template>>): Outputs {
  const found = new Map<string, { resource: Resource; attribute: string | undefined }>();
  for (const template of Object.values(templates)) {
    const gone = leftOutOf(template);
    for (const [name, { Value }] of Object.entries(outputsSchema.parse(template['Outputs'] ?? {}))) {
      const [id = '', attribute] = referenceSchema.safeParse(Value).data ?? [];
      const resource = gone.get(id);
      if (resource !== undefined) found.set(name, { resource, attribute });
    }
  }
  return found;
}

/** For outputs without an export the name of the export of the same value, by the output's name. */
function exportsOf(templates: Readonly<Record<string, Template>>): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const template of Object.values(templates)) {
    const outputs = Object.entries(outputsSchema.parse(template['Outputs'] ?? {}));
    const names = new Map(
      outputs.flatMap(([, { Value, Export }]): [string, string][] =>
        Export === undefined ? [] : [[JSON.stringify(Value), Export.Name]],
      ),
    );
    for (const [name, { Value, Export }] of outputs) {
      const exported = names.get(JSON.stringify(Value));
      if (Export === undefined && exported !== undefined) found.set(name, exported);
    }
  }
  return found;
}

function withoutDependencies(resource: Resource, gone: ReadonlyMap<string, Resource>): Resource {
  if (resource.DependsOn === undefined) return resource;
  const all = typeof resource.DependsOn === 'string' ? [resource.DependsOn] : resource.DependsOn;
  if (!all.some((id) => gone.has(id))) return resource;
  return { ...resource, DependsOn: all.filter((id) => !gone.has(id)) };
}

function changedResource(
  id: string,
  resource: Resource,
  { rootsFolder, sourceUrls }: Replacements,
  said: (change: Change, where: string) => void,
): Resource {
  const { Type, Properties = {} } = resource;
  if (Type === 'AWS::Events::Rule') {
    said('clock', `${id}: State`);
    return { ...resource, Properties: { ...Properties, State: 'DISABLED' } };
  }
  if (Type !== 'AWS::Lambda::Function') return resource;
  const environment = variablesSchema.safeParse(Properties['Environment']).data;
  if (environment === undefined) return resource;
  const variables = { ...environment.Variables };
  if (settingNames.dbRoots in variables) {
    variables[settingNames.dbRoots] = rootsFolder;
    said('roots', `${id}: ${settingNames.dbRoots}`);
  }
  const name = String(Properties['FunctionName']);
  if (askSources.some((one) => name.endsWith(`-${one}`))) {
    variables[settingNames.sourceUrls] = JSON.stringify(sourceUrls);
    said('sources', `${id}: ${settingNames.sourceUrls}`);
  }
  return { ...resource, Properties: { ...Properties, Environment: { ...environment, Variables: variables } } };
}

interface Leaving {
  readonly gone: ReadonlyMap<string, Resource>;
  readonly outputs: Outputs;
  readonly exports: ReadonlyMap<string, string>;
  readonly replacements: Replacements;
  readonly said: (change: Change, what: string) => void;
}

/** A value without its references to what was left out, and without weak ones. */
function withoutInstance(value: unknown, leaving: Leaving): unknown {
  if (Array.isArray(value)) return value.map((each: unknown) => withoutInstance(each, leaving));
  if (typeof value !== 'object' || value === null) return value;
  const read = stackOutputSchema.safeParse(value).data?.['Fn::GetStackOutput'].OutputName;
  const output = leaving.outputs.get(read ?? '');
  if (output !== undefined) {
    leaving.said('database', `output ${read} of another stack`);
    return substitute(output.resource, output.attribute, leaving.replacements);
  }
  const exported = leaving.exports.get(read ?? '');
  if (exported !== undefined) {
    leaving.said('weak', `output ${read} of another stack`);
    return { 'Fn::ImportValue': exported };
  }
  const reference = referenceSchema.safeParse(value).data;
  const [id = '', attribute] = reference ?? [];
  const resource = leaving.gone.get(id);
  if (resource === undefined) {
    const parts = Object.entries(value).map(([key, each]: [string, unknown]) => [key, withoutInstance(each, leaving)]);
    return Object.fromEntries(parts);
  }
  leaving.said('database', `reference to ${id}${attribute === undefined ? '' : `.${attribute}`}`);
  return substitute(resource, attribute, leaving.replacements);
}

const referenceSchema = z.union([
  z.strictObject({ Ref: z.string() }).transform(({ Ref }): [string, string | undefined] => [Ref, undefined]),
  z
    .strictObject({ 'Fn::GetAtt': z.tuple([z.string(), z.string()]) })
    .transform((of): [string, string | undefined] => of['Fn::GetAtt']),
]);

const outputsSchema = z.record(
  z.string(),
  z.looseObject({ Value: z.unknown(), Export: z.looseObject({ Name: z.string() }).optional() }),
);
/** A weak reference to another stack: CDK's, for what may be replaced while it is read. */
export const stackOutputSchema = z.strictObject({ 'Fn::GetStackOutput': z.looseObject({ OutputName: z.string() }) });

function substitute(resource: Resource, attribute: string | undefined, replacements: Replacements): unknown {
  if (resource.Type === 'AWS::SecretsManager::SecretTargetAttachment') return resource.Properties?.['SecretId'];
  if (attribute === 'Endpoint.Address') return replacements.databaseHost;
  if (attribute === 'Endpoint.Port') return String(replacements.databasePort);
  if (attribute === 'DbiResourceId') return 'db-LOCALSTACK';
  return 'quotron-localstack';
}
