import type { QuoteView } from '../../core/contracts/http/market.ts';
import { decimalsOf } from './format.ts';

/**
 * How many decimals the prices of an instrument are shown with: its own precision. Currencies have four or five (pips and
 * their tenths); sources that compute them give more, which say nothing. The exact price is on hover.
 */
export function decimalsOfQuote(quote: QuoteView): number {
  const prices = [quote.price, quote.previousClose, quote.bid, quote.ask];
  return quote.instrument.assetClass === 'fx' ? Math.min(5, decimalsOf(prices, 4)) : decimalsOf(prices);
}
