import * as z from 'zod';
import { envelope, problemSchema } from '../contracts/http/envelope.ts';
import { codeSamplesOf, exampleOf } from './examples.ts';
import { type ProblemCode, problems } from './problem.ts';
import { everywhere, idempotencyKeyPattern, ofReads } from './read-request.ts';
import { type RouteSpec, secureSessionCookie, takesFields } from './route.ts';

type Json = Record<string, unknown>;

/** Problems that any route may give, and those of routes that need a key or take a body. */
const always: ProblemCode[] = ['invalid_request', 'internal', 'unavailable'];
const guarded: ProblemCode[] = ['unauthenticated', 'invalid_key', 'session_ended', 'rate_limited', 'forbidden'];
const withBody: ProblemCode[] = ['payload_too_large', 'unsupported_media_type'];

const tooLong = 'Over 4 MB: the same answer is at `Location` for five minutes, and needs no key there.';
const locationHeader: Json = { Location: { required: true, schema: { type: 'string', format: 'uri' } } };

/**
 * The OpenAPI 3.1 document of the routes. Its schemas are JSON Schema 2020-12, which is what zod writes; schemas with
 * an id become components. (@asteasolutions/zod-to-openapi 9.1 loses the null of a named schema that is nullable.)
 */
export function openApiDocument(specs: readonly RouteSpec[], version: string): Json {
  const components = new Map<string, Json>();
  const paths = new Map<string, Json>();
  for (const spec of specs) {
    paths.set(spec.path, { ...paths.get(spec.path), [spec.method]: operationOf(spec, components) });
  }
  refer(problemSchema, 'output', components);
  return {
    openapi: '3.1.0',
    info: {
      title: 'Quotron',
      version,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      description: [
        'Market data with its provenance. Successful answers are `{data, meta, warnings}`; errors are RFC 9457 problems with a `code` and whether a retry makes sense (`retryable`).',
        'Decimals are JSON numbers with all their digits, or text with `?decimals=string`. Times are ISO 8601 in UTC. Fractions are fractions: 0.0127 is 1.27 %. Missing is `null`.',
        'A key goes into `x-api-key` or `Authorization: Bearer`; scope `admin` contains `operate` contains `read`. A key may ask 50 times a second with bursts of 500, per container; more is a 429 with `Retry-After`. `RateLimit` and `RateLimit-Policy` of every answer to a key say what is left.',
        'Reads carry a weak `ETag` of their content, which the age of a price is no part of, and is the same in every content coding (`br`, `gzip`). Bodies may have 64 KB. An answer over 4 MB is a 303: its `Location` is a link to the same body, with the same content type, that needs no key and holds for five minutes.',
      ].join('\n\n'),
    },
    servers: [{ url: '/api/v1' }],
    tags: [...new Set(specs.map((spec) => spec.tag))].map((name) => ({ name })),
    paths: Object.fromEntries(paths),
    components: {
      schemas: Object.fromEntries([...components].sort(([a], [b]) => a.localeCompare(b))),
      securitySchemes: {
        ApiKey: { type: 'apiKey', in: 'header', name: 'x-api-key' },
        Bearer: { type: 'http', scheme: 'bearer', description: 'The same key as `Authorization: Bearer`.' },
        Session: {
          type: 'apiKey',
          in: 'cookie',
          name: secureSessionCookie,
          description:
            'The dashboard. Changes need an Origin of the same host. Without https, as on a laptop, the name is `qtr_session_` and the port.',
        },
      },
    },
  };
}

const idempotencyKeyHeader: Json = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  description:
    'The same key with the same body is the same request: nothing is started twice. With another body it is a 422. Keys of different API keys and paths are independent.',
  schema: { type: 'string', pattern: idempotencyKeyPattern.source },
};

/** A key may be sent in either way. */
const byKey: readonly Json[] = [{ ApiKey: [] }, { Bearer: [] }];

function operationOf(spec: RouteSpec, components: Map<string, Json>): Json {
  const example = exampleOf(spec);
  const parameters = [
    ...parametersOf(spec.params, 'path', components, example.path),
    ...parametersOf(spec.query, 'query', components, example.query),
    ...(spec.data ? parametersOf(everywhere, 'query', components) : []),
    ...(takesFields(spec) ? parametersOf(ofReads, 'query', components) : []),
    ...(spec.idempotent ? [idempotencyKeyHeader] : []),
  ];
  const scope = spec.access === 'public' ? 'No key is needed.' : `Needs scope \`${spec.access}\`.`;
  const feed = spec.feed && `A feed token bound to \`${spec.feed}\` may ask it as \`/k/{token}${spec.path}\`.`;
  return {
    operationId: operationId(spec),
    tags: [spec.tag],
    summary: spec.summary,
    description: [spec.description, scope, feed].filter(Boolean).join('\n\n'),
    security: spec.access === 'public' ? [] : [...byKey, ...(spec.keyOnly ? [] : [{ Session: [] }])],
    ...(spec.access === 'public' ? {} : { 'x-scope': spec.access }),
    ...(spec.feed === undefined ? {} : { 'x-feed': spec.feed }),
    'x-shows': spec.shows,
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(spec.body
      ? {
          requestBody: {
            required: spec.textBody !== undefined || !spec.body.safeParse(undefined).success,
            content: {
              'application/json': {
                schema: refer(spec.body, 'input', components),
                ...(example.body === undefined ? {} : { example: example.body }),
              },
              ...(spec.textBody && { [spec.textBody]: { schema: { type: 'string' } } }),
            },
          },
        }
      : {}),
    responses: responsesOf(spec, components),
    'x-codeSamples': codeSamplesOf(spec),
  };
}

function responsesOf(spec: RouteSpec, components: Map<string, Json>): Json {
  const bodies = { ...(spec.data && { 'application/json': envelope(spec.data) }), ...spec.media };
  const content: Json = Object.fromEntries(
    Object.entries(bodies).map(([type, schema]) => [type, { schema: refer(schema, 'output', components) }]),
  );
  const codes = [
    ...always,
    ...(spec.access === 'public' ? [] : guarded),
    ...(spec.shows === 'nothing' ? [] : (['licence_forbids'] as const)),
    ...(spec.body ? withBody : []),
    ...(spec.idempotent ? (['idempotency_key_reused'] as const) : []),
    ...(spec.method === 'get' || spec.access === 'public' ? [] : (['foreign_origin'] as const)),
    ...(spec.problems ?? []),
  ];
  const byStatus = Map.groupBy(new Set(codes), (code) => problems[code].status);
  const failures = [...byStatus].map(([status, group]) => [
    String(status),
    {
      description: group.map((code) => `\`${code}\`: ${problems[code].title}.`).join(' '),
      content: { 'application/problem+json': { schema: refer(problemSchema, 'output', components) } },
    },
  ]);
  return {
    [String(spec.status ?? 200)]: {
      description: spec.summary,
      ...(Object.keys(content).length > 0 ? { content } : {}),
    },
    ...(spec.alsoOk && {
      '200': {
        description: spec.alsoOk.description,
        content: { 'application/json': { schema: refer(envelope(spec.alsoOk.data), 'output', components) } },
      },
    }),
    ...(spec.data || spec.media ? { '303': { description: tooLong, headers: locationHeader } } : {}),
    ...(spec.method === 'get' && spec.data
      ? { '304': { description: 'Not changed since the ETag in If-None-Match.' } }
      : {}),
    ...Object.fromEntries(failures),
    '431': { description: 'The address or the headers are longer than the server reads; without a body.' },
  };
}

function parametersOf(
  schema: z.ZodObject | undefined,
  where: 'path' | 'query',
  components: Map<string, Json>,
  examples: Readonly<Record<string, string>> = {},
): Json[] {
  return Object.entries(schema?.shape ?? {}).map(([name, field]) => {
    const { description, ...inline } = refer(z.object({ field }), 'input', components, true);
    return {
      name,
      in: where,
      required: where === 'path' || !field.safeParse(undefined).success,
      ...(description ? { description } : {}),
      schema: inline,
      ...(Object.hasOwn(examples, name) ? { example: examples[name] } : {}),
    };
  });
}

const jsonObject = z.record(z.string(), z.unknown());
const objectSchema = z.object({
  properties: z.record(z.string(), jsonObject),
  $defs: z.record(z.string(), jsonObject).optional(),
});

/** A schema as JSON Schema, with named schemas moved to the components. */
function refer(schema: z.ZodType, io: 'input' | 'output', components: Map<string, Json>, unwrap = false): Json {
  const wrapped = unwrap ? schema : z.object({ field: schema });
  const made = z.toJSONSchema(wrapped, {
    io,
    unrepresentable: 'any',
    override: ({ jsonSchema }) => {
      // In answers, patterns implied by a format, and the bounds of a double, only make the document longer. Answers may gain
      // fields; bodies of requests may not have others.
      if ((io === 'output' && jsonSchema.format) || jsonSchema.type === 'integer') delete jsonSchema.pattern;
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
      if (io === 'output' && jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties;
      if (jsonSchema.id) delete jsonSchema.id;
    },
  });
  const moved = objectSchema.parse(JSON.parse(JSON.stringify(made).replaceAll('"#/$defs/', '"#/components/schemas/')));
  for (const [id, component] of Object.entries(moved.$defs ?? {})) components.set(id, component);
  return moved.properties['field'] ?? {};
}

/** `getQuotesSymbolHistory`: a name for generated clients. */
function operationId(spec: RouteSpec): string {
  const words = spec.path.split(/[^A-Za-z0-9]+/).filter(Boolean);
  return spec.method + words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
}
