import type { SourceParser } from '../parser.ts';
import { parseBars } from './parse-bars.ts';
import { parseQuotes } from './parse-quotes.ts';
import { yahooRequests } from './request.ts';

/** Yahoo Finance: quotes and charts. The canonical symbol is Yahoo's own. */
export const yahooParser: SourceParser = {
  version: 'yahoo-1',
  requests: yahooRequests,
  parse: (kind, exchange) => (kind === 'quotes' ? parseQuotes(exchange) : parseBars(exchange)),
  toSource: (canonical) => canonical,
  toCanonical: (symbol) => symbol,
};
