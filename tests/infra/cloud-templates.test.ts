import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import {
  changes,
  forLocalStack,
  isLeftOut,
  stackOutputSchema,
  type Template,
  templateSchema,
} from '../cloud/templates.ts';
import { synthesized } from './synthesize.ts';

const replacements = {
  databaseHost: 'localhost',
  databasePort: 55_432,
  rootsFolder: '/tmp/roots',
  sourceUrls: { yahoo: 'http://127.0.0.1:4790/yahoo' },
};

const stages = synthesized('dev').stacks;
const before: Record<string, Template> = Object.fromEntries(
  Object.entries(stages).map(([name, { template }]) => [name, templateSchema.parse(template.toJSON())]),
);

type Difference = { readonly path: readonly string[]; readonly was: unknown; readonly is: unknown };

/** Where two values differ: the innermost places, and all of what only one has. */
function differences(was: unknown, is: unknown, path: readonly string[] = []): Difference[] {
  if (isReference(was) || !isObject(was) || !isObject(is) || sizeOfList(was) !== sizeOfList(is))
    return JSON.stringify(was) === JSON.stringify(is) ? [] : [{ path, was, is }];
  const [old, fresh] = [entriesOf(was), entriesOf(is)];
  return [...new Set([...Object.keys(old), ...Object.keys(fresh)])].flatMap((key) =>
    differences(old[key], fresh[key], [...path, key]),
  );
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
const sizeOfList = (value: object) => (Array.isArray(value) ? value.length : null);
const entriesOf = (value: object): Record<string, unknown> => Object.fromEntries(Object.entries(value));

const isReference = (value: unknown): boolean =>
  z
    .union([
      z.strictObject({ Ref: z.string() }),
      z.strictObject({ 'Fn::GetAtt': z.array(z.string()) }),
      stackOutputSchema,
    ])
    .safeParse(value).success;

/** Why a difference is of the written list, read from the two templates only; `undefined` where it is not. */
function reasonOf({
  path: [stack = '', part, id = '', ...rest],
  was,
  is,
}: Difference): keyof typeof changes | undefined {
  const resource = part === 'Resources' ? before[stack]?.Resources[id] : undefined;
  const type = resource?.Type ?? '';
  const inside = rest.join('.');
  const leftOut = (name: unknown) => isLeftOut(before[stack]?.Resources[String(name)]?.Type ?? '');
  if (rest.length === 0 && is === undefined && isLeftOut(type)) return 'database';
  const output = stackOutputSchema.safeParse(was).data?.['Fn::GetStackOutput'].OutputName;
  if (output !== undefined) {
    const values = valuesOf(output);
    if (values.every(leftOutAnywhere)) return 'database';
    const name = importSchema.safeParse(is).data?.['Fn::ImportValue'].split(':').at(-1) ?? '';
    return JSON.stringify(valuesOf(name)) === JSON.stringify(values) ? 'weak' : undefined;
  }
  if (isReference(was) && leftOut(Object.values(z.record(z.string(), z.unknown()).parse(was)).flat()[0]))
    return 'database';
  if (inside === 'DependsOn' && Array.isArray(was) && Array.isArray(is))
    return was.filter((one) => !is.includes(one)).every(leftOut) ? 'database' : undefined;
  if (type === 'AWS::Events::Rule' && inside === 'Properties.State' && is === 'DISABLED') return 'clock';
  if (type !== 'AWS::Lambda::Function') return undefined;
  if (inside === 'Properties.Environment.Variables.DB_ROOTS') return 'roots';
  if (inside === 'Properties.Environment.Variables.SOURCE_URLS' && was === undefined) return 'sources';
  return undefined;
}

const importSchema = z.strictObject({ 'Fn::ImportValue': z.string() });
const outputSchema = z.record(z.string(), z.looseObject({ Value: z.unknown() }));

/** What the outputs of that name are. */
function valuesOf(name: string): unknown[] {
  return Object.values(before).flatMap(({ Outputs }) => outputSchema.parse(Outputs ?? {})[name]?.Value ?? []);
}

function leftOutAnywhere(value: unknown): boolean {
  const [id] = Object.values(z.record(z.string(), z.unknown()).parse(value)).flat();
  return Object.values(before).some(({ Resources }) => isLeftOut(Resources[String(id)]?.Type ?? ''));
}

describe('the templates of dev, as they are deployed to LocalStack', () => {
  const { templates, changed } = forLocalStack(before, replacements);
  const found = differences(before, templates);

  it('differ by the written list and by nothing else', () => {
    expect(found.filter((difference) => reasonOf(difference) === undefined)).toEqual([]);
    expect([...new Set(found.map(reasonOf))].sort()).toEqual(Object.keys(changes).sort());
    expect([...new Set(changed.map(({ change }) => change))].sort()).toEqual(Object.keys(changes).sort());
  });

  it('name nothing any more that was left out', () => {
    const gone = Object.values(before).flatMap(({ Resources }) =>
      Object.entries(Resources).flatMap(([id, { Type }]) => (isLeftOut(Type) ? [id] : [])),
    );
    expect(gone.length).toBeGreaterThan(3);
    // LocalStack does not know it, and what it gives would be missing without a word.
    expect(JSON.stringify(templates)).not.toContain('Fn::GetStackOutput');
    for (const id of gone) {
      expect(JSON.stringify(templates)).not.toContain(`{"Ref":"${id}"}`);
      expect(JSON.stringify(templates)).not.toContain(`{"Fn::GetAtt":["${id}"`);
    }
  });

  it.each<[string, (template: Template) => unknown]>([
    ['a right less', ({ Resources }) => delete Resources[Object.keys(Resources).find((id) => /Policy/.test(id)) ?? '']],
    ['another memory', ({ Resources }) => Object.assign(firstFunction(Resources).Properties ?? {}, { MemorySize: 1 })],
    [
      'a variable more',
      ({ Resources }) =>
        Object.assign(firstFunction(Resources).Properties ?? {}, { Environment: { Variables: { DEBUG: '1' } } }),
    ],
    ['an output less', (template) => Object.assign(template, { Outputs: {} })],
  ])('would be refused with %s', (_what, spoil) => {
    const spoilt = structuredClone(templates);
    const pipeline = spoilt['Pipeline'];
    if (pipeline === undefined) throw new Error('there is no Pipeline');
    spoil(pipeline);
    expect(differences(before, spoilt).some((difference) => reasonOf(difference) === undefined)).toBe(true);
  });
});

function firstFunction(resources: Template['Resources']): Template['Resources'][string] {
  const found = Object.values(resources).find(({ Type }) => Type === 'AWS::Lambda::Function');
  if (found === undefined) throw new Error('there is no function');
  return found;
}
