import { describe, expect, it } from 'vitest';
import { judgeSeries } from '../../../core/prices/rules/judge-series.ts';
import type { SeriesEvidence } from '../../../core/prices/rules/series.ts';

const day = 86_400_000;
const start = Date.UTC(2026, 5, 1);

/** A calm pair, with some rows the other way round. */
function found(
  base: number,
  isInverted: (index: number) => boolean,
  evidence?: SeriesEvidence,
  steps: (index: number) => number = () => 1,
) {
  const rows = 120;
  const bars = Array.from({ length: rows }, (_, index) => {
    const right = base * steps(index) * (1 + 0.004 * Math.sin(index * 1.7));
    const close = String(Number((isInverted(index) ? 1 / right : right).toPrecision(6)));
    const startsAt = start + index * day;
    const date = new Date(startsAt).toISOString().slice(0, 10);
    const prices = { open: close, high: close, low: close, close, volume: null };
    return { interval: '1d' as const, startsAt, date, ...prices, currency: 'USD', minorFactor: 1 };
  });
  const findings = judgeSeries({
    ...{ assetClass: 'fx', currency: 'USD', minorFactor: 1, zone: 'UTC', basis: 'splits', actions: [], bars, evidence },
  });
  return findings.map(({ rule, severity, subject, evidence: { code } }) => [
    ...[rule, severity, code],
    (Number(subject.at) - start) / day,
  ]);
}
const rowsOf = (from: number, to: number, severity: string) =>
  Array.from({ length: to - from + 1 }, (_, index) => ['unit', severity, 'inverted', to - index]);
const quote = (price: number) => ({ quote: { price, at: start + 119 * day } });

describe('rows of a pair the other way round', () => {
  it.each([1.1, 1.3, 0.85, 150])('are wrong where they step to the reciprocal and back: %s', (base) => {
    expect(found(base, (index) => index >= 60 && index < 62)).toEqual(rowsOf(60, 61, 'wrong'));
    expect(found(base, (index) => index >= 40 && index < 80)).toEqual(rowsOf(40, 79, 'wrong'));
  });

  it('are the older ones of a single step in doubt, and those that the quote speaks against wrong', () => {
    expect(found(1.3, (index) => index < 50)).toEqual(rowsOf(0, 49, 'doubt'));
    expect(found(1.3, (index) => index < 50, quote(1.3))).toEqual(rowsOf(0, 49, 'wrong'));
    expect(found(1.3, (index) => index >= 50, quote(1.3))).toEqual(rowsOf(50, 119, 'wrong'));
    expect(found(1.3, () => true, quote(1.3))).toEqual(rowsOf(0, 119, 'wrong'));
  });

  it('are none where the pair is near 1, has moved by another factor, or nothing is inverted', () => {
    expect(found(1.005, (index) => index >= 60 && index < 62)).toEqual([]);
    expect(found(1.3, () => false, quote(1.3))).toEqual([]);
    expect(
      found(
        15,
        () => false,
        quote(21),
        (index) => (index < 60 ? 1 : 1.44),
      ),
    ).toEqual([]);
  });
});
