/** The other source that gives the rows that a failing one lacks. */
import { chunked } from '../contracts/chunked.ts';
import type { SourceDefinition, SourceJob } from '../sources/definition.ts';
import type { FailingJob } from './recovery.ts';

export interface FallbackPlan {
  readonly other: SourceDefinition;
  readonly job: SourceJob;
  /** In the other source's namespace. */
  readonly tasks: readonly (readonly string[])[];
}

/** Why no other source is asked. */
export type NoFallback = 'no_fallback' | 'nothing_missing' | 'none_usable' | 'none_has_it';

/**
 * The canonical symbols of what a job asks for, where `registered` or the source's own rule names them.
 *
 * @param symbols in the source's namespace
 */
export function canonicalOf(
  symbols: readonly string[],
  registered: ReadonlyMap<string, string>,
  { toSource, toCanonical }: Pick<SourceDefinition, 'toSource' | 'toCanonical'>,
): string[] {
  return symbols.flatMap((symbol) => {
    const canonical = registered.get(symbol) ?? toCanonical(symbol);
    return registered.has(symbol) || toSource(canonical) === symbol ? [canonical] : [];
  });
}

/** The first usable source that has a job of the failing kind and at least one of the missing symbols. */
export function chooseFallback(of: {
  readonly source: SourceDefinition;
  readonly failing: FailingJob | null;
  /** Fallbacks that are healthy and have their credentials, best first. */
  readonly usable: readonly SourceDefinition[];
  /** What is missing. */
  readonly canonical: readonly string[];
}): FallbackPlan | NoFallback {
  const { source, failing, usable, canonical } = of;
  if (source.fallbacks.length === 0) return 'no_fallback';
  if (!failing) return 'nothing_missing';
  if (usable.length === 0) return 'none_usable';
  for (const other of usable) {
    const job = other.jobs.find((each) => each.kind === failing.kind);
    if (!job) continue;
    const symbols = canonical.flatMap((symbol) => other.toSource(symbol) ?? []).slice(0, job.mostSymbols);
    if (symbols.length === 0) continue;
    return { other, job, tasks: chunked(symbols, job.symbolsPerTask) };
  }
  return 'none_has_it';
}

/** For people. */
export function noFallbackText(why: NoFallback, { fallbacks }: Pick<SourceDefinition, 'fallbacks'>): string {
  const names = fallbacks.join(', ');
  const texts: Readonly<Record<NoFallback, string>> = {
    no_fallback: 'The source has no fallback.',
    nothing_missing: 'No job of the source has failed, so nothing is missing.',
    none_usable: `None of its fallbacks (${names}) is healthy and has its credentials.`,
    none_has_it: `None of its fallbacks (${names}) has what is missing.`,
  };
  return texts[why];
}
