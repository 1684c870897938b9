import { describe, expect, it } from 'vitest';
import { dayValueOf, sectorsOf, type ValuedHolding } from '../../../core/models/value.ts';

const holding = (symbol: string, weight: string, more: Partial<ValuedHolding> = {}): ValuedHolding => ({
  ...{ symbol, weight, sector: null, changeFraction: '0.01', gap: null },
  ...more,
});

describe('the value of a model', () => {
  it('is what an amount became by the changes of its holdings', () => {
    const value = dayValueOf([holding('A', '0.6'), holding('B', '0.4', { changeFraction: '-0.02' })], '1000');
    expect(value).toMatchObject({ now: '998', change: '-2', changeFraction: '-0.002', missing: [], pricedWeight: '1' });
  });

  it('counts what the weights lack as cash', () => {
    expect(dayValueOf([holding('A', '0.5')], '100')).toMatchObject({ now: '100.5', changeFraction: '0.005' });
  });

  it('is nothing where a holding has none: the sum of the others stands apart', () => {
    const value = dayValueOf(
      [holding('A', '0.6'), holding('B', '0.4', { changeFraction: null, gap: 'no_quote' })],
      '100',
    );
    expect(value).toEqual({
      amount: '100',
      ...{ now: null, change: null, changeFraction: null },
      ...{ pricedWeight: '0.6', pricedContribution: '0.006' },
      missing: [{ symbol: 'B', gap: 'no_quote' }],
    });
  });

  it('does not miss what weighs nothing', () => {
    const value = dayValueOf([holding('A', '1'), holding('B', '0', { changeFraction: null, gap: 'no_quote' })], '100');
    expect(value).toMatchObject({ now: '101', missing: [] });
  });

  it('is nothing of a model without prices', () => {
    expect(dayValueOf([holding('A', '0', { gap: 'no_quote' })], '100').now).toBeNull();
  });
});

describe('the sectors of a model', () => {
  it('are sums, the largest first and the unnamed last', () => {
    const rows = [
      holding('A', '0.2', { sector: 'Energy' }),
      holding('B', '0.5'),
      holding('C', '0.2', { sector: 'Energy', changeFraction: '0.03' }),
      holding('D', '0.1', { sector: 'Utilities', changeFraction: null, gap: 'no_quote' }),
    ];
    expect(sectorsOf(rows)).toEqual([
      { sector: 'Energy', weight: '0.4', holdings: ['A', 'C'], contribution: '0.008' },
      { sector: 'Utilities', weight: '0.1', holdings: ['D'], contribution: null },
      { sector: null, weight: '0.5', holdings: ['B'], contribution: '0.005' },
    ]);
  });
});
