import { describe, expect, it } from 'vitest';
import { type AdjustableBar, adjustBars } from '../../../core/serving/adjust.ts';

const bar: AdjustableBar = {
  day: '2026-11-02',
  open: '229.99',
  high: '230.5',
  low: '228',
  close: '229.87',
  volume: '44923400',
  basis: 'raw',
  basisDay: '2026-11-02',
  basisAt: Date.parse('2026-11-02T22:00:00Z'),
};

function afterSplit(given: Partial<AdjustableBar>, ratio: string) {
  const split = { exDate: '2026-11-16', ratio, knownAt: Date.parse('2026-11-16T15:00:00Z') };
  const actions = { splits: [split], dividends: [], dividendsSplitAdjusted: false };
  const [adjusted] = adjustBars([{ ...bar, ...given }], 'splits', actions);
  if (!adjusted) throw new Error('No bar came of one.');
  return adjusted;
}

describe('a computed price', () => {
  it('has the digits that its bar can carry', () => {
    expect(afterSplit({}, '3')).toMatchObject({
      open: '76.66333333',
      high: '76.83333333',
      low: '76',
      close: '76.62333333',
      volume: '134770200',
    });
    expect(afterSplit({ volume: '44923411' }, '0.3').volume).toBe('13477023.3');
  });

  it('is as exact whether its zeros are written or not, and however small it is', () => {
    for (const [close, ratio, expected] of [
      ['100', '3', '33.33333333'],
      ['100.00', '3', '33.33333333'],
      ['0.05', '3', '0.01666666667'],
      ['0.00001234', '7', '0.000001762857143'],
      ['612345.67', '3', '204115.2233'],
      ['1234567.891', '3', '411522.630333'],
      ['229.8699951171875', '3', '76.6233317057292'],
    ] as const)
      expect(afterSplit({ open: null, high: null, low: null, close }, ratio).close).toBe(expected);
  });

  it('is within its bar, whatever digits the four prices have', () => {
    const prices = ['99.5', '99.49999999', '99.50000001', '100', '99.500000004'];
    for (const high of prices)
      for (const close of prices)
        for (const ratio of ['3', '7', '0.0333', '1.0001']) {
          if (Number(high) < Number(close)) continue;
          const adjusted = afterSplit({ open: null, low: null, high, close }, ratio);
          expect(Number(adjusted.high)).toBeGreaterThanOrEqual(Number(adjusted.close));
        }
  });

  it('is none where nothing is to be computed', () => {
    expect(afterSplit({ close: '229.869995117187512' }, '1').close).toBe('229.869995117187512');
  });
});
