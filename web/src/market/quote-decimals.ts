import type { QuoteView } from '../../../core/contracts/http/market.ts';
import { decimalsOf } from '../text/format.ts';

/**
 * Decimals to show for the prices of an instrument: its own precision. Currencies have four or five (pips and tenths of
 * pips); further digits come from computed rates and mean nothing. The exact price shows on hover.
 */
export function decimalsOfQuote(quote: QuoteView): number {
  const prices = [quote.price, quote.previousClose, quote.bid, quote.ask];
  return quote.instrument.assetClass === 'fx' ? Math.min(5, decimalsOf(prices, 4)) : decimalsOf(prices);
}
