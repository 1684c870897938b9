import { importKinds, importSources } from '../../contracts/words/imports.ts';
import { licenceClasses } from '../../contracts/words/licence.ts';
import type { SourceDefinition } from '../definition.ts';

/**
 * Rows that a person brought, a source for each licence class. None of them is in the catalogue: nothing is planned for
 * them, asked of them or expected of them, and their health is not judged.
 */
export const importDefinitions: readonly SourceDefinition[] = licenceClasses.map((licence) => ({
  id: importSources[licence],
  title: `Imported (${licence})`,
  kind: 'api',
  origins: [],
  quota: { perMinute: 0, perDay: 0 },
  session: null,
  jobs: importKinds.map((kind) => ({
    id: kind,
    kind,
    // Never due: the planner does not know these sources.
    everySeconds: 86_400,
    symbols: [],
    symbolsPerTask: 1,
    symbolsPerRequest: 1,
  })),
  canarySymbol: '',
  fallbacks: [],
  rank: {},
  toSource: () => null,
  toCanonical: (symbol) => symbol,
  parser: async () => (await import('./parse.ts')).importParser,
  terms: { url: '', licence, reviewed: '' },
}));
