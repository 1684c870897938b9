import { toSource as alphaVantage } from './alpha-vantage/symbols.ts';
import { toSource as coingecko } from './coingecko/coins.ts';
import { slickChartsIndices } from './slickcharts/indices.ts';

const same = (canonical: string) => canonical;

const names: Readonly<Record<string, (canonical: string) => string | null>> = {
  yahoo: same,
  'alpha-vantage': alphaVantage,
  coingecko,
  slickcharts: (canonical) => slickChartsIndices.find((index) => index.canonical === canonical)?.symbol ?? null,
  'demo-broker': same,
};

/**
 * What a source calls a canonical symbol, as its parser says, without the parser: who only plans or lists has no use for
 * code that reads answers, which is large. Throws for an id that the catalogue lacks.
 */
export function nameFor(sourceId: string): { toSource(canonical: string): string | null } {
  const toSource = names[sourceId];
  if (!toSource) throw new Error(`Source ${sourceId} names no symbols: list it in core/sources/symbol-names.ts.`);
  return { toSource };
}
