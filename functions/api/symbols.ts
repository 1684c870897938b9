import { commandToWatch } from '../../core/contracts/http/watch.ts';
import { ProblemError } from '../../core/http/problem.ts';
import { symbolOf } from '../../core/http/read-request.ts';
import { editDistance } from '../../core/market/edit-distance.ts';
import type { QuoteReader } from '../../core/ports/quote-reader.ts';
import type { SourceDefinition } from '../../core/sources/definition.ts';

/** The catalogue by id. */
export function sourceLookup(catalogue: readonly SourceDefinition[]) {
  const byId = new Map(catalogue.map((source) => [source.id, source]));
  return (id: string) => byId.get(id);
}

/** The id, if it is one of the catalogue; `null` when none was asked for. Throws `unknown_source`. */
export function requireSource(catalogue: readonly SourceDefinition[], id: string | undefined): string | null {
  if (id === undefined) return null;
  if (catalogue.some((source) => source.id === id)) return id;
  throw new ProblemError(
    'unknown_source',
    `No source has the id ${id}. There is ${catalogue.map((each) => each.id).join(', ')}.`,
  );
}

/** What a symbol means at an instant, or now. Throws `invalid_symbol` or `unknown_symbol`. */
export async function requireListing(quotes: QuoteReader, text: string, at: string | undefined, now: number) {
  const symbol = symbolOf(text);
  const today = new Date(now).toISOString().slice(0, 10);
  const [listing] = await quotes.listings([symbol], at?.slice(0, 10) ?? today);
  if (!listing) throw await unknownSymbol(quotes, symbol, now);
  return listing;
}

/** The problem of an unknown symbol, with the command that collects it. */
export function unknownToAll(symbol: string, hint = ''): ProblemError {
  const detail = [`Nothing is known of ${symbol}.`, hint].filter((text) => text !== '').join(' ');
  return new ProblemError('unknown_symbol', detail, { command: commandToWatch(symbol) });
}

/** Known symbols that are spelled nearly as one that is not, the nearest first. */
export async function nearSymbols(quotes: QuoteReader, symbol: string, now: number): Promise<string[]> {
  const like = await quotes.symbolsLike(symbol, new Date(now).toISOString().slice(0, 10));
  return like
    .map((each) => ({ symbol: each, distance: each.startsWith(symbol) ? 1 : editDistance(each, symbol) }))
    .filter((each) => each.distance <= 2)
    .sort((a, b) => a.distance - b.distance || a.symbol.localeCompare(b.symbol))
    .slice(0, 3)
    .map((each) => each.symbol);
}

/** The problem of a symbol that nobody knows, with what may have been meant. */
export async function unknownSymbol(quotes: QuoteReader, symbol: string, now: number): Promise<ProblemError> {
  const near = await nearSymbols(quotes, symbol, now);
  const hint = near.length > 0 ? `Did you mean ${near.join(', ')}?` : 'GET /instruments?query= finds symbols by name.';
  return unknownToAll(symbol, hint);
}

/** What a problem says of one symbol of several. */
export function failureOf({ code, message: detail, retryable, command }: ProblemError) {
  return { code, detail, retryable, ...(command === undefined ? {} : { command }) };
}
