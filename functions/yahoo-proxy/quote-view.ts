import type { ProxyQuoteView } from '../../core/contracts/http/proxy.ts';
import type { DecimalWriter } from '../../core/http/wire-number.ts';
import { fraction, subtract } from '../../core/market/decimal.ts';
import type { Listing } from '../../core/market/instrument.ts';
import type { Quote } from '../../core/market/quote.ts';
import { quoteAnswerBody } from '../../core/proxy/select-fields.ts';
import type { Subject } from '../../core/sources/parser.ts';
import { parseQuotes } from '../../core/sources/yahoo/parse-quotes.ts';

/** A quote whose venue and currency are known, as Yahoo's are. */
interface ReadQuote {
  readonly subject: Subject;
  readonly listing: Listing;
  readonly quote: Quote;
}

/** A row of Yahoo's as ingest would read it, or `null` when it has no price. */
export function readRow(row: string, fetchedAt: number): ReadQuote | null {
  const { quotes } = parseQuotes({
    request: { method: 'GET', url: '', headers: {}, symbols: [] },
    response: { status: 200, headers: {}, body: quoteAnswerBody([row], new Set()), truncated: false },
    error: null,
    fetchedAt: new Date(fetchedAt).toISOString(),
    latencyMs: 0,
  });
  const [read] = quotes;
  if (!read?.subject.listing || read.quote.currency === null) return null;
  return { subject: read.subject, listing: read.subject.listing, quote: read.quote };
}

/** What a client of the proxy's own routes sees: major units, fractions, UTC. */
export function quoteView({ subject, listing, quote }: ReadQuote, decimal: DecimalWriter): ProxyQuoteView {
  const change = quote.previousClose === null ? null : subtract(quote.price, quote.previousClose);
  return {
    symbol: subject.symbol,
    name: subject.name,
    assetClass: subject.assetClass,
    mic: listing.mic,
    currency: quote.currency,
    minorFactor: quote.minorFactor,
    price: decimal(quote.price),
    previousClose: decimal(quote.previousClose),
    change: decimal(change),
    changeFraction: decimal(
      change === null || quote.previousClose === null ? null : fraction(change, quote.previousClose),
    ),
    bid: decimal(quote.bid),
    ask: decimal(quote.ask),
    volume: decimal(quote.volume),
    session: quote.session,
    delaySeconds: quote.delaySeconds,
    asOf: new Date(quote.asOf).toISOString(),
    asOfBasis: quote.asOfBasis,
  };
}
