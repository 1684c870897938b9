import type { ProxyQuoteView } from '../../core/contracts/http/proxy.ts';
import type { DecimalWriter } from '../../core/http/wire-number.ts';
import { fraction, subtract } from '../../core/market/decimal.ts';
import { parseQuoteRow, type YahooQuote } from '../../core/sources/yahoo/parse-quotes.ts';

/** A row of Yahoo's, as JSON, read as ingest reads it; `null` when it has no price. */
export function readRow(row: string, fetchedAt: number): YahooQuote | null {
  return parseQuoteRow(JSON.parse(row), fetchedAt);
}

/** What a client of the proxy's own routes sees: major units, fractions, UTC. */
export function quoteView({ subject, quote }: YahooQuote, decimal: DecimalWriter): ProxyQuoteView {
  const change = quote.previousClose === null ? null : subtract(quote.price, quote.previousClose);
  return {
    symbol: subject.symbol,
    name: subject.name,
    assetClass: subject.assetClass,
    mic: subject.listing.mic,
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
