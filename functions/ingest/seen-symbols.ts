/** What answers say of the symbols that were asked for: which they have something on, and which they do not know. */
import type { SeenSymbols, UnknownSymbol } from '../../core/prices/decision.ts';
import type { Parsed } from '../../core/sources/parser.ts';

interface AskedAnswer {
  readonly fetchedAt: number;
  readonly asked: readonly string[];
  readonly parsed: Parsed;
}

/** What was asked for in answers which say that there is no such symbol. */
export function unknownSymbols(answers: readonly AskedAnswer[]): UnknownSymbol[] {
  return answers.flatMap(({ asked, parsed, fetchedAt }) =>
    parsed.failure?.detail.code === 'unknown_symbol' ? asked.map((symbol) => ({ symbol, at: fetchedAt })) : [],
  );
}

/**
 * Which symbols the source has, by the rows that were accepted and the indices that are stored, and which it has not. Only
 * answers that brought something say what is missing: one that is empty may be an outage.
 */
export function seenSymbols(
  answers: readonly Parsed[],
  accepted: readonly { readonly symbol: string }[],
  hasIndices: boolean,
): SeenSymbols {
  const indices = hasIndices ? answers.flatMap(({ constituents = [] }) => constituents.map(({ index }) => index)) : [];
  const found = [...accepted, ...indices].map(({ symbol }) => symbol);
  const missing =
    found.length > 0 ? answers.flatMap(({ missing: none, failure }) => (failure === null ? none : [])) : [];
  return { found, missing };
}
