/**
 * A container of `ingest` (`ingest-container.ts`) that makes and writes no events, to be measured beside one that does. The
 * product has no setting for it: the modules that make and write them are replaced as they are loaded.
 */
import { registerHooks } from 'node:module';

const without: ReadonlyMap<string, string> = new Map(
  Object.entries({
    'postgres/database/outbox.ts': `
      const none = () => undefined;
      export { none as publish, none as setOrigin, none as collectEvents, none as dropEvents, none as writeEvents };`,
    '../events/of-batch.ts': 'export const eventsOfBatch = () => [];',
  }).map(([path, source]) => [new URL(`../../core/adapters/${path}`, import.meta.url).href, source]),
);

registerHooks({
  load(url, context, nextLoad) {
    const source = without.get(url);
    return source === undefined ? nextLoad(url, context) : { format: 'module', source, shortCircuit: true };
  },
});

await import('./ingest-container.ts');
