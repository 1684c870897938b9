import { apiParsers } from './api-parsers.ts';
import { demoBrokerParser } from './demo-broker/parse.ts';
import { parserIn, type SourceParser } from './parser.ts';
import { slickchartsParser } from './slickcharts/parse.ts';

/** The code of all sources; those that are read in a browser are listed here. */
const parsers: Readonly<Record<string, SourceParser>> = {
  ...apiParsers,
  slickcharts: slickchartsParser,
  'demo-broker': demoBrokerParser,
};

/** The code of a source of the catalogue. Throws for an id that it lacks. */
export const parserOf = parserIn(parsers, 'core/sources/parsers.ts');
