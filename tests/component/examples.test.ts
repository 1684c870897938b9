import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createPool } from '../../core/adapters/postgres/database/pool.ts';
import { codeSamplesOf, exampleOf } from '../../core/http/examples.ts';
import type { RouteSpec } from '../../core/http/route.ts';
import { credentialsSpecs } from '../../functions/api/routes/credentials.ts';
import { testApi } from '../support/api-fixture.ts';

/** Routes are data: this needs no database. */
const api = testApi(createPool({ url: 'postgres://nobody@127.0.0.1:1/none' }, 1));
const specs: readonly RouteSpec[] = [...api.app.specs, ...credentialsSpecs];
const named = specs.map((spec) => [`${spec.method} ${spec.path}`, spec] as const);

const operationSchema = z.object({
  'x-codeSamples': z.array(z.object({ lang: z.string(), source: z.string() })),
  parameters: z.array(z.object({ name: z.string(), in: z.string(), example: z.unknown().optional() })).default([]),
});
const documentSchema = z.object({ paths: z.record(z.string(), z.record(z.string(), operationSchema)) });

/** Whether the route takes its own example, part by part. */
function refusals({ params, query, body, ...spec }: RouteSpec): string[] {
  const example = exampleOf(spec);
  const parts = [
    ['path', params?.strict(), example.path],
    ['query', query?.strict(), example.query],
    ['body', body, example.body],
  ] as const;
  return parts.flatMap(([part, schema, value]) => {
    if (!schema) return value === undefined || JSON.stringify(value) === '{}' ? [] : [`${part} is not taken`];
    const parsed = schema.safeParse(value);
    return parsed.success ? [] : [`${part}: ${z.prettifyError(parsed.error)}`];
  });
}

describe('the example of each operation', () => {
  it.each(named)('%s: is what the route takes', (_name, spec) => {
    expect(refusals(spec)).toEqual([]);
  });

  it('is found wrong when it is', () => {
    const spec = specs.find(({ method, path }) => method === 'get' && path === '/dead-letters');
    expect(
      refusals({ method: 'get', path: '/dead-letters', access: 'read', shows: 'nothing', tag: '', summary: '' }),
    ).toEqual(['query is not taken']);
    const strict = { ...spec, method: 'get', path: '/dead-letters', access: 'read', shows: 'nothing' } as const;
    expect(refusals({ ...strict, tag: '', summary: '', query: z.object({ queue: z.int() }) })).toHaveLength(1);
  });

  it('stands in the document in curl, Python and TypeScript, and holds no key', async () => {
    const { paths } = documentSchema.parse(await (await api.ask('/openapi.json')).json());
    const operations = Object.values(paths).flatMap((item) => Object.values(item));
    expect(operations).toHaveLength(specs.length);
    for (const { 'x-codeSamples': samples, parameters } of operations) {
      expect(samples.map(({ lang }) => lang)).toEqual(['Shell', 'Python', 'TypeScript']);
      for (const { source } of samples) expect(source).not.toMatch(/qtr_live_|http:\/\//);
      for (const parameter of parameters.filter((each) => each.in === 'path')) expect(parameter.example).toBeTruthy();
    }
  });

  it('names its key only where one is needed', () => {
    for (const spec of specs)
      for (const { source } of codeSamplesOf(spec))
        expect(source.includes('QUOTRON_API_KEY'), spec.path).toBe(spec.access !== 'public');
  });
});

describe('the start of the API', () => {
  it.each(['', '/'])('at "%s" says where everything is, to anybody', async (path) => {
    const answer = await api.ask(path);
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({ docs: '/docs', openapi: '/api/v1/openapi.json', simulated: false });
    expect((await api.ask(path, { method: 'POST' })).status).toBe(405);
  });
});
