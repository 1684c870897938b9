import type { ProxyQuoteView } from '../../core/contracts/http/proxy.ts';
import type { DecimalWriter } from '../../core/http/wire-number.ts';
import { fraction, subtract } from '../../core/market/decimal.ts';
import { guardedRead } from '../../core/sources/guard.ts';
import { plainText } from '../../core/sources/reading/plain-text.ts';
import { parseQuoteRow, type YahooQuote } from '../../core/sources/yahoo/parse-quotes.ts';
import { yahoo } from '../../core/sources/yahoo/source.ts';

/** A row of Yahoo's as JSON, parsed as in ingest; `null` without a price. */
export function readRow(row: string, fetchedAt: number): YahooQuote | null {
  return guardedRead(
    () => parseQuoteRow(JSON.parse(row), fetchedAt),
    () => null,
  );
}

/** The view for the proxy's own routes: major units, fractions, UTC. */
export function proxyQuoteView({ subject, quote }: YahooQuote, decimal: DecimalWriter): ProxyQuoteView {
  const change = quote.previousClose === null ? null : subtract(quote.price, quote.previousClose);
  return {
    symbol: subject.symbol,
    name: subject.name && plainText(subject.name),
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
    licence: yahoo.terms.licence,
  };
}
