import type { SourceDefinition } from './definition.ts';

/** How many requests a source gets in a minute and in a day of UTC. */
type Quota = Pick<SourceDefinition['quota'], 'perMinute' | 'perDay'>;

/** Quotas of sources, by id, as an installation sets them. */
export type Quotas = ReadonlyMap<string, Quota>;

/** What is wrong with a text of quotas: a sentence's end, after the name of the setting. */
export interface WrongQuota {
  readonly wrong: string;
}

/** More than any source takes: a slip of the finger. */
const most: Quota = { perMinute: 100_000, perDay: 100_000_000 };

/**
 * Reads the quota of one source, `200/300000`: requests of a minute and of a day. It must have room for each of the source's
 * tasks, or these could never be done.
 *
 * @example
 * readQuota('200/300000', { id: 'yahoo', jobs: [] }) // { perMinute: 200, perDay: 300_000 }
 */
export function readQuota(text: string, source: Pick<SourceDefinition, 'id' | 'jobs'>): Quota | WrongQuota {
  const shown = JSON.stringify(text.slice(0, 60));
  const numbers = /^\s*([1-9]\d{0,9})\s*\/\s*([1-9]\d{0,9})\s*$/.exec(text);
  if (!numbers)
    return {
      wrong: `gives ${source.id} the quota ${shown}: it must be the requests of a minute and of a day, whole numbers above 0, such as 200/300000`,
    };
  const quota = { perMinute: Number(numbers[1]), perDay: Number(numbers[2]) };
  if (quota.perMinute > most.perMinute || quota.perDay > most.perDay)
    return {
      wrong: `gives ${source.id} the quota ${shown}: no more than ${most.perMinute} requests a minute and ${most.perDay} a day are possible`,
    };
  if (quota.perDay < quota.perMinute)
    return {
      wrong: `gives ${source.id} the quota ${shown}, fewer requests in a day than in a minute: the minute comes first`,
    };
  for (const { id, symbols, mostSymbols, symbolsPerTask, symbolsPerRequest } of source.jobs) {
    const task = Math.min(symbolsPerTask, mostSymbols ?? Math.max(symbolsPerTask, symbols.length));
    const requests = Math.ceil(task / symbolsPerRequest);
    if (requests > quota.perMinute)
      return {
        wrong: `gives ${source.id} the quota ${shown}, but a task of its job ${id} takes ${requests} requests, and could never be done`,
      };
  }
  return quota;
}

/**
 * Reads the quotas of several sources, `yahoo=200/300000,coingecko=5/3000`. Empty for none: those of the definitions hold.
 */
export function readQuotas(
  text: string,
  sources: readonly Pick<SourceDefinition, 'id' | 'jobs'>[],
): { readonly quotas: Quotas } | WrongQuota {
  const quotas = new Map<string, Quota>();
  for (const each of text.split(',').filter((part) => part.trim() !== '')) {
    const equals = each.indexOf('=');
    const id = each.slice(0, equals === -1 ? undefined : equals).trim();
    const source = sources.find((known) => known.id === id);
    if (!source)
      return {
        wrong: `names ${JSON.stringify(id.slice(0, 60))}, which is no source; there are ${sources.map((known) => known.id).join(', ')}`,
      };
    if (quotas.has(id)) return { wrong: `names ${id} twice` };
    const quota = readQuota(equals === -1 ? '' : each.slice(equals + 1), source);
    if ('wrong' in quota) return quota;
    quotas.set(id, quota);
  }
  return { quotas };
}
