import { ingestQueueName } from '../contracts/queues.ts';
import { isImport } from '../contracts/words/imports.ts';
import type { SourceDefinition } from './definition.ts';
import { guardedParser } from './guard.ts';
import { importDefinitions } from './import/source.ts';
import * as sources from './list.ts';
import type { SourceParser } from './parser.ts';
import type { Quotas } from './quotas.ts';

/** Quotas that this installation sets in place of the definitions'. */
let ownQuotas: Quotas = new Map();

/**
 * Sets quotas in place of the definitions', for the whole process: planner, ledger, proxy and API read the same. For its
 * start; see `core/runtime/source-quotas.ts`.
 */
export function setQuotas(quotas: Quotas): void {
  ownQuotas = quotas;
}

/** Whether the quota of a source is what this installation sets. */
export function quotaIsOwn(id: string): boolean {
  return ownQuotas.has(id);
}

/** A definition whose quota is what this installation sets, where it does. */
function withOwnQuota(source: SourceDefinition): SourceDefinition {
  return {
    ...source,
    get quota() {
      const own = ownQuotas.get(source.id);
      return own ? { ...source.quota, ...own } : source.quota;
    },
  };
}

/**
 * Every source of the list. Makes the queues, schedules, alarms, docs tables and dashboard cards. APIs come before pages, and
 * among them the one that ranks higher for shares: where nothing else decides which source's bars are shown, the first does.
 */
export const catalogue: readonly SourceDefinition[] = Object.values<SourceDefinition>(sources)
  .map(withOwnQuota)
  .toSorted(
    (a, b) => Number(b.kind === 'api') - Number(a.kind === 'api') || (b.rank.equity ?? 0) - (a.rank.equity ?? 0),
  );

/** The sources of an installation: on AWS none that exists in the simulator only. */
export function sourcesOf(stage: string): readonly SourceDefinition[] {
  return stage === 'local' ? catalogue : catalogue.filter(({ localOnly }) => localOnly !== true);
}

/** What rows are stored of: the catalogue, and what people import. */
export const storedSources: readonly SourceDefinition[] = [...catalogue, ...importDefinitions];

/** The source of an id, or `undefined`. */
export function sourceOf(id: string): SourceDefinition | undefined {
  return storedSources.find((source) => source.id === id);
}

/** The queue for blobs of a source, whichever release names it. */
export function ingestQueueOf(sourceId: string): string {
  // Thousands of rows in a part: a file of a million kept prices waiting for minutes.
  return ingestQueueName(isImport(sourceId) ? 'browser' : (sourceOf(sourceId)?.kind ?? 'api'));
}

/** The source that a message names. Throws for an id that the catalogue lacks. */
export function knownSource(id: string): SourceDefinition {
  const source = sourceOf(id);
  if (source) return source;
  throw new Error(`The catalogue has no source ${id}: whatever names it is of another version.`);
}

const guarded = new WeakMap<SourceParser, SourceParser>();

/**
 * The parser of a source, which never throws: see `guard.ts`; loaded once per process. Lambdas that call this are listed in
 * `lib/bundle-function.ts`: the bundles of all others have no parsers. Throws for an id that the catalogue lacks.
 */
export async function parserOf(id: string, find: typeof knownSource = knownSource): Promise<SourceParser> {
  const parser = await find(id).parser();
  const known = guarded.get(parser) ?? guardedParser(parser);
  guarded.set(parser, known);
  return known;
}
