import type { SourceParser } from '../parser.ts';
import { openBars, parseBars } from './parse-bars.ts';
import { openQuotes, parseQuotes } from './parse-quotes.ts';
import { yahooRequests } from './request.ts';

/** Yahoo Finance: quotes and charts. The canonical symbol is Yahoo's own. */
export const yahooParser: SourceParser = {
  version: 'yahoo-4',
  requests: yahooRequests,
  parse: (kind, answer) => (kind === 'quotes' ? parseQuotes(answer) : parseBars(answer)),
  failureIn(kind, answer) {
    const opened = kind === 'quotes' ? openQuotes(answer) : openBars(answer);
    return 'failure' in opened ? opened.failure : null;
  },
};
