import { z } from 'zod';
import { inline, paragraph, slug, text } from './html.ts';
import { fieldsOf, type Schema, schemaSchema, typeOf } from './schema-text.ts';

const contentSchema = z.record(z.string(), z.object({ schema: schemaSchema }));
const operationSchema = z.object({
  operationId: z.string(),
  tags: z.array(z.string()),
  summary: z.string(),
  description: z.string().default(''),
  'x-scope': z.string().optional(),
  parameters: z
    .array(
      z.object({
        name: z.string(),
        in: z.enum(['path', 'query', 'header']),
        required: z.boolean(),
        description: z.string().default(''),
        schema: schemaSchema,
      }),
    )
    .default([]),
  requestBody: z.object({ required: z.boolean(), content: contentSchema }).optional(),
  responses: z.record(z.string(), z.object({ description: z.string(), content: contentSchema.optional() })),
  'x-codeSamples': z.array(z.object({ lang: z.string(), label: z.string(), source: z.string() })),
});
type Operation = z.infer<typeof operationSchema>;

/** The parts of the OpenAPI document that the page shows. */
export const documentSchema = z.object({
  info: z.object({ version: z.string(), description: z.string() }),
  tags: z.array(z.object({ name: z.string() })),
  paths: z.record(z.string(), z.record(z.string(), operationSchema)),
  components: z.object({ schemas: z.record(z.string(), schemaSchema) }),
});
type Document = z.infer<typeof documentSchema>;

interface Place {
  readonly method: string;
  readonly path: string;
  readonly operation: Operation;
}

/** The body of the page: contents at the side, an introduction, and a section for each operation with its examples. */
export function renderReference({ info, tags, paths, components }: Document): string {
  const places = Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]): Place => ({ method, path, operation })),
  );
  // What a reader came for is first; signing in is what the dashboard does.
  const ordered = tags.toSorted((a, b) => Number(a.name === 'Session') - Number(b.name === 'Session'));
  const groups = ordered.map(({ name }) => ({
    name,
    of: places.filter(({ operation }) => operation.tags[0] === name),
  }));
  const contents = groups
    .map(
      ({ name, of }) =>
        `<section><h2><a href="#${slug(name)}">${text(name)}</a></h2><ul>${of.map(entry).join('')}</ul></section>`,
    )
    .join('');
  const sections = groups
    .map(
      ({ name, of }) =>
        `<section class="group" id="${slug(name)}"><h2>${text(name)}</h2>${of.map((place) => section(place, components.schemas)).join('')}</section>`,
    )
    .join('');
  return `<nav aria-label="Operations"><div class="find"><label for="find">Find an operation</label>
<input id="find" type="search" placeholder="quotes, bars, keys …" autocomplete="off" spellcheck="false"></div>
<fieldset class="languages"><legend>Language of the examples</legend>${language('curl', true)}${language('Python')}${language('TypeScript')}</fieldset>
<p id="nothing" hidden>No operation has these words.</p>${contents}</nav>
<main id="reference"><header><h1>The HTTP API</h1><p class="version">Version ${text(info.version)} ·
<a href="/api/v1/openapi.json">OpenAPI document</a> · <a href="/">Dashboard</a></p>
${info.description.split('\n\n').map(paragraph).join('')}
<h2 id="examples">Examples</h2><p>They read the address and an API key from the environment. On a laptop both are in
<code>.quotron/local.json</code>:</p>
<pre tabindex="0"><code>export QUOTRON_URL=<span id="origin">https://your-quotron.example</span>
export QUOTRON_API_KEY=$(node -p 'JSON.parse(fs.readFileSync(".quotron/local.json")).apiKeys.read')</code></pre>
</header>${sections}</main>`;
}

function language(name: string, checked = false): string {
  const id = `language-${slug(name)}`;
  return `<input type="radio" name="language" id="${id}"${checked ? ' checked' : ''}><label for="${id}">${name}</label>`;
}

function entry({ method, path, operation }: Place): string {
  const words = `${method} ${path} ${operation.summary}`.toLowerCase();
  return `<li data-words="${text(words)}"><a href="#${operation.operationId}">${verb(method)}<span>${text(path)}</span></a></li>`;
}

function section({ method, path, operation }: Place, schemas: Document['components']['schemas']): string {
  const { operationId, summary, description, parameters, requestBody, responses } = operation;
  const body = requestBody?.content['application/json'];
  const good = Object.entries(responses).find(([status]) => /^20/.test(status));
  return `<article id="${operationId}" aria-labelledby="${operationId}-title">
<h3 id="${operationId}-title"><a href="#${operationId}">${verb(method)}<code>${text(path)}</code></a></h3>
<p class="summary">${inline(summary)}</p>${description.split('\n\n').filter(Boolean).map(paragraph).join('')}
${parameters.length > 0 ? parameterTable(parameters) : ''}
${body === undefined ? '' : `<h4>Body${requestBody?.required ? '' : ' <span class="quiet">optional</span>'}</h4>${type(body.schema, schemas)}`}
${operation['x-codeSamples'].map(sample).join('')}
${good === undefined ? '' : answer(good[0], good[1].content, schemas)}
<p class="quiet problems">${problemsOf(responses)}</p>
</article>`;
}

function parameterTable(parameters: Operation['parameters']): string {
  const rows = parameters.map(
    ({ name, in: where, required, description, schema }) =>
      `<tr><th scope="row"><code>${text(name)}</code>${required ? ' <span class="must">required</span>' : ''}</th><td>${where}</td><td><code>${text(typeOf(schema))}</code></td><td>${inline(description)}</td></tr>`,
  );
  return `<div class="wide"><table><thead><tr><th scope="col">Parameter</th><th scope="col">In</th><th scope="col">Type</th><th scope="col">Meaning</th></tr></thead><tbody>${rows.join('')}</tbody></table></div>`;
}

function sample({ label, source }: Operation['x-codeSamples'][number]): string {
  return `<pre class="sample ${slug(label)}" aria-label="Example in ${text(label)}" tabindex="0"><code>${text(source)}</code></pre>`;
}

function answer(
  status: string,
  content: z.infer<typeof contentSchema> | undefined,
  schemas: Document['components']['schemas'],
): string {
  const [first] = Object.entries(content ?? {});
  const kinds = Object.keys(content ?? {})
    .map(text)
    .join(', ');
  const data = first === undefined ? undefined : (first[1].schema.properties?.['data'] ?? first[1].schema);
  const head = `<h4>Answer <span class="quiet">${status}${kinds === '' ? '' : `, ${kinds}`}</span></h4>`;
  return data === undefined ? head : `${head}${type(data, schemas)}`;
}

function type(schema: Schema, schemas: Document['components']['schemas']): string {
  return `<pre class="type" tabindex="0"><code>${text(fieldsOf(schema, schemas))}</code></pre>`;
}

function problemsOf(responses: Operation['responses']): string {
  const statuses = Object.entries(responses).filter(([status]) => /^[45]/.test(status));
  const codes = statuses.flatMap(([status, { description }]) =>
    [...description.matchAll(/`(\w+)`/g)].map((match) => `${status} <code>${text(match[1] ?? '')}</code>`),
  );
  return `Problems: ${codes.join(', ')}.`;
}

function verb(method: string): string {
  return `<b class="verb ${method}">${method.toUpperCase()}</b>`;
}
