import { describe, expect, it } from 'vitest';
import { meetsPrice } from '../../../core/alerts/price-condition.ts';

const above = { kind: 'price_above', symbol: 'AAPL', price: '200', rearmPercent: 0 } as const;
const below = { ...above, kind: 'price_below' } as const;

describe('a rule on a price', () => {
  it('is met beyond its line, and not on it, to the last digit', () => {
    expect(meetsPrice(above, '200.000000000001', null)).toBe(true);
    expect(meetsPrice(above, '200.00', false)).toBe(false);
    expect(meetsPrice(below, '199.999999999999', null)).toBe(true);
    expect(meetsPrice(below, '200', true)).toBe(false);
  });

  it('that was met stays so until the price is back by its percent', () => {
    const up = { ...above, rearmPercent: 1 };
    expect(['199', '198.01', '198', '197'].map((price) => meetsPrice(up, price, true))).toEqual([
      true,
      true,
      false,
      false,
    ]);
    expect(meetsPrice(up, '199', false)).toBe(false);
    const down = { ...below, rearmPercent: 1 };
    expect(['201', '201.99', '202'].map((price) => meetsPrice(down, price, true))).toEqual([true, true, false]);
  });
});
