import { alphaVantageParser } from './alpha-vantage/parse.ts';
import { coingeckoParser } from './coingecko/parse.ts';
import { parserIn, type SourceParser } from './parser.ts';
import { yahooParser } from './yahoo/parse.ts';

/** The code of sources of kind `api`: apart, so that who asks them alone need not carry a reader of HTML. */
export const apiParsers: Readonly<Record<string, SourceParser>> = {
  yahoo: yahooParser,
  'alpha-vantage': alphaVantageParser,
  coingecko: coingeckoParser,
};

/** The code of an API source. Throws for any other id. */
export const apiParserOf = parserIn(apiParsers, 'core/sources/api-parsers.ts');
