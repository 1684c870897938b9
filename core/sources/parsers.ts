import { alphaVantageParser } from './alpha-vantage/parse.ts';
import { coingeckoParser } from './coingecko/parse.ts';
import { demoBrokerParser } from './demo-broker/parse.ts';
import type { SourceParser } from './parser.ts';
import { slickchartsParser } from './slickcharts/parse.ts';
import { yahooParser } from './yahoo/parse.ts';

const parsers: Readonly<Record<string, SourceParser>> = {
  yahoo: yahooParser,
  'alpha-vantage': alphaVantageParser,
  coingecko: coingeckoParser,
  slickcharts: slickchartsParser,
  'demo-broker': demoBrokerParser,
};

/** The code of a source. Throws for an id that the catalogue lacks: that is a fault in wiring, not in data. */
export function parserOf(sourceId: string): SourceParser {
  const parser = parsers[sourceId];
  if (!parser) throw new Error(`Source ${sourceId} has no parser: list it in core/sources/parsers.ts.`);
  return parser;
}
