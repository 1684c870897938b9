import { Validator } from '@seriousme/openapi-schema-validator';
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createPool } from '../../core/adapters/postgres/database/pool.ts';
import { symbolPattern } from '../../core/market/symbol.ts';
import { credentialsSpecs } from '../../functions/api/routes/credentials.ts';
import { notMeasured } from '../bench/growth/routes.ts';
import { testApi } from '../support/api-fixture.ts';

const documentSchema = z.object({
  openapi: z.string(),
  paths: z.record(
    z.string(),
    z.record(
      z.string(),
      z.object({
        operationId: z.string(),
        security: z.array(z.record(z.string(), z.array(z.string()))),
        parameters: z
          .array(z.object({ name: z.string(), in: z.string(), required: z.boolean(), schema: z.unknown() }))
          .optional(),
        requestBody: z.object({ required: z.boolean(), content: z.record(z.string(), z.unknown()) }).optional(),
        responses: z.record(
          z.string(),
          z.object({ content: z.record(z.string(), z.object({ schema: z.unknown() })).optional() }),
        ),
      }),
    ),
  ),
  components: z.object({
    schemas: z.record(z.string(), z.object({ properties: z.record(z.string(), z.unknown()).optional() }).loose()),
  }),
});

/** Needs no database: the document is made of the routes alone. */
const api = testApi(createPool({ url: 'postgres://nobody@127.0.0.1:1/none' }, 1));
let document: z.infer<typeof documentSchema>;
let text: string;

beforeAll(async () => {
  const response = await api.ask('/openapi.json');
  expect(response.headers.get('content-type')).toBe('application/json');
  text = await response.text();
  document = documentSchema.parse(JSON.parse(text));
});

describe('the OpenAPI document', () => {
  it('is a valid OpenAPI 3.1 document', async () => {
    const result = await new Validator().validate(z.record(z.string(), z.unknown()).parse(JSON.parse(text)));
    expect(result.errors ?? []).toEqual([]);
    expect(result.valid).toBe(true);
    expect(document.openapi).toBe('3.1.0');
  });

  it('has no read route that the bench of growth neither asks nor leaves out with a reason', () => {
    expect(notMeasured(document)).toEqual([]);
    expect(notMeasured({ paths: { '/quotes': { get: {} }, '/new': { get: {} }, '/written': { post: {} } } })).toEqual([
      '/new',
    ]);
  });

  it('has every route, with what it answers', () => {
    const listed = Object.entries(document.paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method} ${path}`),
    );
    const specs = [...api.app.specs, ...credentialsSpecs];
    expect(listed.sort()).toEqual(specs.map((spec) => `${spec.method} ${spec.path}`).sort());
    for (const spec of specs) {
      const operation = document.paths[spec.path]?.[spec.method];
      expect(Object.keys(operation?.responses ?? {}), spec.path).toContain(String(spec.status ?? 200));
      expect(operation?.security.length === 0, spec.path).toBe(spec.access === 'public');
      expect(operation?.responses['503']?.content).toHaveProperty('application/problem+json');
    }
  });

  it('names operations once', () => {
    const ids = Object.values(document.paths).flatMap((operations) =>
      Object.values(operations).map((operation) => operation.operationId),
    );
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('has named components, and every reference leads to one', () => {
    for (const name of [
      'Quote',
      'Instrument',
      'Bars',
      'Source',
      'SourceHealth',
      'Run',
      'RunDetail',
      'Problem',
      'Decimal',
      'Session',
      'ApiKey',
      'FailureDetail',
      'RowFinding',
    ])
      expect(Object.keys(document.components.schemas)).toContain(name);
    const references = [...text.matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)].map((match) => match[1] ?? '');
    expect(references.length).toBeGreaterThan(50);
    expect(references.filter((name) => !(name in document.components.schemas))).toEqual([]);
    expect(text).not.toContain('$defs');
  });

  it('says which routes a session of the dashboard is not enough for', () => {
    const byKey = [{ ApiKey: [] }, { Bearer: [] }];
    const methods = document.paths['/sources/{id}/credentials'];
    for (const method of ['get', 'put', 'delete']) expect(methods?.[method]?.security).toEqual(byKey);
    expect(document.paths['/keys']?.['get']?.security).toEqual([...byKey, { Session: [] }]);
  });

  it('says what may be null, also of named schemas', () => {
    const quote = document.components.schemas['Quote']?.properties;
    expect(quote?.['previousClose']).toEqual({ anyOf: [{ $ref: '#/components/schemas/Decimal' }, { type: 'null' }] });
    expect(quote?.['price']).toEqual({ $ref: '#/components/schemas/Decimal' });
  });

  it('describes parameters as they are sent', () => {
    const history = document.paths['/quotes/{symbol}/history']?.['get'];
    const byName = new Map(history?.parameters?.map((parameter) => [parameter.name, parameter]));
    expect(byName.get('symbol')).toMatchObject({ in: 'path', required: true });
    expect(byName.get('revisions')).toMatchObject({
      in: 'query',
      required: false,
      schema: { type: 'string', enum: ['0', '1', 'false', 'true'] },
    });
    expect(byName.get('order')).toMatchObject({ schema: { enum: ['asc', 'desc'], default: 'desc' } });
    expect(byName.get('limit')?.schema).toEqual({ type: 'integer', minimum: 1, maximum: 2_000 });
    expect(byName.get('cursor')).toMatchObject({ required: false, schema: { pattern: '^[A-Za-z0-9_-]+$' } });
    expect(byName.get('from')).toMatchObject({ schema: { pattern: '^(1[89]|[2-9][0-9])[0-9]{2}-' } });
    expect(byName.get('symbol')).toMatchObject({ schema: { pattern: symbolPattern.source, maxLength: 64 } });
    expect(byName.get('decimals')).toMatchObject({ in: 'query' });
    expect(history?.responses['200']?.content).toHaveProperty('text/csv');
    const queue = document.paths['/dead-letters']?.['get']?.parameters?.find(({ name }) => name === 'queue');
    expect(queue).toMatchObject({ in: 'query', required: true });
    expect(document.paths['/quotes/batch']?.['post']?.requestBody?.required).toBe(true);
    expect(document.paths['/sources/{id}/run']?.['post']?.requestBody?.required).toBe(false);
  });

  it('says of each body whether it may be empty, as the route itself does', () => {
    const answers = api.app.specs.flatMap(({ method, path, body }) => {
      if (!body) return [];
      const content = document.paths[path]?.[method]?.requestBody?.content['application/json'];
      return [
        {
          route: `${method} ${path}`,
          taken: body.safeParse({}).success,
          said: mayBeEmpty(bodySchema.parse(content).schema),
        },
      ];
    });
    expect(answers.filter(({ taken, said }) => taken !== said)).toEqual([]);
    expect(new Set(answers.map(({ said }) => said))).toEqual(new Set([true, false]));
  });

  it('says of a replay which fields choose its rows, and that it takes one', () => {
    expect(document.components.schemas['ReplayRequest']).toMatchObject({
      type: 'object',
      anyOf: [{ required: ['ids'] }, { required: ['sourceId'] }, { required: ['reason'] }],
    });
  });
});

const rulesSchema = z.object({
  $ref: z.string().optional(),
  required: z.array(z.string()).default([]),
  minProperties: z.int().default(0),
  anyOf: z.array(z.unknown()).optional(),
  oneOf: z.array(z.unknown()).optional(),
});
const bodySchema = z.object({ schema: z.unknown() });

/** Whether a schema of the document takes an object without any field. */
function mayBeEmpty(schema: unknown): boolean {
  const { $ref, required, minProperties, anyOf, oneOf } = rulesSchema.parse(schema);
  if ($ref !== undefined) return mayBeEmpty(document.components.schemas[$ref.split('/').at(-1) ?? '']);
  return required.length === 0 && minProperties === 0 && ((anyOf ?? oneOf)?.some(mayBeEmpty) ?? true);
}
