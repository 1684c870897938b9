import { z } from 'zod';
import { paragraph, slug, text } from './html.ts';
import { fieldsOf, schemaSchema } from './schema-text.ts';

/** The parts of the AsyncAPI document that the page shows. */
export const eventsSchema = z.object({
  info: z.object({ version: z.string(), description: z.string() }),
  channels: z.record(z.string(), z.object({ address: z.string(), title: z.string(), description: z.string() })),
  components: z.object({
    messages: z.record(z.string(), z.object({ name: z.string(), summary: z.string(), payload: schemaSchema })),
  }),
});

/** The body of the page: contents at the side, where events come from, and a section for each type with its fields. */
export function renderEvents({ info, channels, components }: z.infer<typeof eventsSchema>): string {
  const messages = Object.values(components.messages);
  const entries = messages.map(
    ({ name, summary }) =>
      `<li data-words="${text(`${name} ${summary}`.toLowerCase())}"><a href="#${slug(name)}"><span>${text(name)}</span></a></li>`,
  );
  const sections = messages.map(
    ({ name, summary, payload }) => `<article id="${slug(name)}" aria-labelledby="${slug(name)}-title">
<h3 id="${slug(name)}-title"><a href="#${slug(name)}"><code>${text(name)}</code></a></h3>
<p class="summary">${text(summary)}</p>
<h4>Data</h4><pre class="type" tabindex="0"><code>${text(fieldsOf(payload.properties?.['data'] ?? {}, {}))}</code></pre>
</article>`,
  );
  const places = Object.values(channels).map(
    ({ title, address, description }) =>
      `<h3>${text(title)}</h3><p><code>${text(address)}</code></p>${paragraph(description)}`,
  );
  const { data: _, ...envelope } = messages[0]?.payload.properties ?? {};
  const fields = fieldsOf({ properties: { ...envelope, type: { type: 'string' }, data: { type: 'object' } } }, {});
  return `<nav aria-label="Events"><div class="find"><label for="find">Find an event</label>
<input id="find" type="search" placeholder="quotes, incident …" autocomplete="off" spellcheck="false"></div>
<p id="nothing" hidden>No event has these words.</p><section><h2><a href="#types">Types</a></h2><ul>${entries.join('')}</ul></section></nav>
<main id="reference"><header><h1>Events</h1><p class="version">Version ${text(info.version)} ·
<a href="/api/v1/events/asyncapi.json">AsyncAPI document</a> · <a href="/docs">The HTTP API</a> · <a href="/">Dashboard</a></p>
${paragraph(info.description)}
<h2 id="channels">Where they come from</h2>${places.join('')}
<h2 id="envelope">Envelope</h2><pre class="type" tabindex="0"><code>${text(fields.replaceAll('?:', ':'))}</code></pre>
</header><section class="group" id="types"><h2>Types</h2>${sections.join('')}</section></main>`;
}
