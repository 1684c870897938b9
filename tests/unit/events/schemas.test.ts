/** The schemas of events may grow, and break nobody: they are compared with the copy beside this file. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { eventJsonSchemas } from '../../../core/contracts/events/json-schemas.ts';

const copy = join(import.meta.dirname, 'event-schemas.txt');
const schemas = z.record(z.string(), z.unknown());
const former = existsSync(copy) ? schemas.parse(JSON.parse(readFileSync(copy, 'utf8'))) : {};
const now = schemas.parse(JSON.parse(JSON.stringify(eventJsonSchemas())));

const node = z.looseObject({
  type: z.union([z.string(), z.array(z.string()).transform((types) => types.toSorted().join(' or '))]).optional(),
  properties: schemas.optional(),
  required: z.array(z.string()).optional(),
  items: z.unknown().optional(),
  anyOf: z.array(z.unknown()).optional(),
});

/** What a follower that was written for one schema no longer finds in another. */
function breaches(before: unknown, after: unknown, path: string): string[] {
  if (before === undefined) return [];
  const [was, is] = [node.parse(before), after === undefined ? null : node.parse(after)];
  if (is === null) return [`${path} is gone`];
  const found: string[] = [];
  if (was.type !== is.type) found.push(`${path} is ${is.type ?? 'several'} and was ${was.type ?? 'several'}`);
  for (const [name, property] of Object.entries(was.properties ?? {}))
    found.push(...breaches(property, is.properties?.[name], `${path}.${name}`));
  for (const name of was.required ?? [])
    if (!is.required?.includes(name)) found.push(`${path}.${name} may be missing, and was always there`);
  if (was.items !== undefined) found.push(...breaches(was.items, is.items, `${path}[]`));
  for (const option of is.anyOf ?? []) {
    const { type } = node.parse(option);
    if (was.anyOf && !was.anyOf.some((each) => node.parse(each).type === type))
      found.push(`${path} may be ${type}, which it never was`);
  }
  return found;
}

describe('the schemas of events', () => {
  it('break nobody who follows the former ones', () => {
    expect(Object.entries(former).flatMap(([type, schema]) => breaches(schema, now[type], type))).toEqual([]);
  });

  it('are those of the copy; where they have grown, take them over with `vitest run --project unit -u` on this file', async () => {
    await expect(`${JSON.stringify(now, null, 2)}\n`).toMatchFileSnapshot(copy);
  });

  it('are found to break followers by a type or a field that is gone', () => {
    const { 'quotron.quotes.stored': _, ...others } = now;
    const against = (changed: Readonly<Record<string, unknown>>) =>
      Object.entries(now).flatMap(([type, schema]) => breaches(schema, changed[type], type));
    expect(against(others)).toEqual(['quotron.quotes.stored is gone']);
    const renamed = schemas.parse(JSON.parse(JSON.stringify(now).replaceAll('"asOfBasis"', '"basis"')));
    expect(against(renamed)).toContain('quotron.quotes.revised.rows[].asOfBasis is gone');
    expect(against(now)).toEqual([]);
  });

  it('are found to break followers by another type, a field that may be missing, and a value that may be null', () => {
    const text = { type: 'object', properties: { a: { type: 'string' } }, required: ['a'] };
    expect(breaches(text, { ...text, properties: { a: { type: 'number' } } }, 'x')).toEqual([
      'x.a is number and was string',
    ]);
    expect(breaches(text, { ...text, required: [] }, 'x')).toEqual(['x.a may be missing, and was always there']);
    const either = { anyOf: [{ type: 'string' }] };
    expect(breaches(either, { anyOf: [{ type: 'string' }, { type: 'null' }] }, 'x')).toEqual([
      'x may be null, which it never was',
    ]);
    expect(breaches(text, { ...text, properties: { ...text.properties, b: { type: 'string' } } }, 'x')).toEqual([]);
  });
});
