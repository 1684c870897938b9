import { describe, expect, it } from 'vitest';
import type { SeriesInput } from '../../../../core/prices/rules/series.ts';
import { found, market, withoutTrades } from '../../../support/calm-market.ts';
import { withRows } from '../../../support/price-walks.ts';

/** Every other row of twenty at a factor of the others. */
const byTurns = (factorOf: (at: number) => number) =>
  withRows(market, (at) => (at >= 20 && at < 40 && at % 2 === 0 ? factorOf(at) : 1));
const odd = Array.from({ length: 10 }, (_, turn) => `${20 + 2 * turn} edges doubt price_off`);

/** Each bar at its close alone. */
function flat(input: SeriesInput): SeriesInput {
  const bars = input.bars.map((bar) => ({ ...bar, open: bar.close, high: bar.close, low: bar.close }));
  return { ...input, bars };
}

describe('two listings by turns', () => {
  it.each([1.27, 2.3, 0.8, 0.43])('puts the rows of the fewer in doubt: at %d times the others', (factor) => {
    expect(found({ ...byTurns(() => factor), adjusted: undefined })).toEqual(odd);
  });

  it.each<[string, SeriesInput]>([
    ['goes there and back by another factor each time', byTurns((at) => 1.2 + (at % 7) / 8)],
    [
      'steps between bid and ask, in days of one price',
      flat(
        withoutTrades(
          byTurns(() => 1.27),
          0,
        ),
      ),
    ],
    ['is a coin', { ...byTurns(() => 1.27), assetClass: 'crypto' }],
  ])('is no matter of a price that %s', (_, input) => {
    const rows = found({ ...input, adjusted: undefined }).filter((line) => line.endsWith('price_off'));
    expect(rows.length).toBeLessThan(odd.length);
  });
});
