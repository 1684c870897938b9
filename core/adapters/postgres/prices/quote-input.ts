/** Quotes as columns, for statements on many of them. */
import type { ListedQuote } from '../../../market/listed-quote.ts';
import { numbers, texts } from '../database/array-literal.ts';

/** SQL: the rows of `quoteColumnsOf`, whose first parameter is `$first`. */
export function quoteInput(first: number): string {
  const parameters = (types: readonly string[], from: number) =>
    types.map((type, at) => `$${first + from + at}::${type}[]`).join(', ');
  const own = ['int', 'int8', 'numeric', 'numeric', 'numeric', 'numeric', 'numeric', 'int'];
  const shared = ['text', 'int', 'text', 'int', 'text', 'int8', 'boolean'];
  return `unnest(${parameters(own, 0)}) AS t (listing_id, as_of, price, previous_close, bid, ask, volume, kind)
    JOIN unnest(${parameters(shared, own.length)}) WITH ORDINALITY
      AS k (currency, minor_factor, session, delay_seconds, as_of_basis, fetched_at, provisional, kind) USING (kind)`;
}

/** The columns of quotes as array literals, for `quoteInput`. What many rows share comes once, as a kind. */
export function quoteColumnsOf(rows: readonly ListedQuote[]): string[] {
  const kinds: ListedQuote[] = [];
  const kindOf = new Map<string, number>();
  let last: ListedQuote | undefined;
  let kind = 0;
  const kindOfRow = rows.map((row) => {
    if (last && isSameKind(row, last)) return kind;
    last = row;
    const { currency, minorFactor, session, delaySeconds, asOfBasis } = row.quote;
    const key = `${currency} ${minorFactor} ${session} ${delaySeconds} ${asOfBasis} ${row.fetchedAt} ${row.provisional === true}`;
    kind = kindOf.get(key) ?? kinds.push(row);
    kindOf.set(key, kind);
    return kind;
  });
  return [
    numbers(rows.map((row) => row.listing.id)),
    numbers(rows.map((row) => row.quote.asOf)),
    numbers(rows.map((row) => row.quote.price)),
    numbers(rows.map((row) => row.quote.previousClose)),
    numbers(rows.map((row) => row.quote.bid)),
    numbers(rows.map((row) => row.quote.ask)),
    numbers(rows.map((row) => row.quote.volume)),
    numbers(kindOfRow),
    texts(kinds.map((row) => row.quote.currency)),
    numbers(kinds.map((row) => row.quote.minorFactor)),
    texts(kinds.map((row) => row.quote.session)),
    numbers(kinds.map((row) => row.quote.delaySeconds)),
    texts(kinds.map((row) => row.quote.asOfBasis)),
    numbers(kinds.map((row) => row.fetchedAt)),
    texts(kinds.map((row) => String(row.provisional === true))),
  ];
}

function isSameKind(a: ListedQuote, b: ListedQuote): boolean {
  return (
    a.fetchedAt === b.fetchedAt &&
    (a.provisional === true) === (b.provisional === true) &&
    a.quote.currency === b.quote.currency &&
    a.quote.minorFactor === b.quote.minorFactor &&
    a.quote.session === b.quote.session &&
    a.quote.delaySeconds === b.quote.delaySeconds &&
    a.quote.asOfBasis === b.quote.asOfBasis
  );
}
