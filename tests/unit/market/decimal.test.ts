import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decimalFromNumber, decimalFromText, divide, subtract } from '../../../core/market/decimal.ts';

describe('a JSON number as a decimal', () => {
  it.each([
    [244.6, '244.6'],
    [129.0399932861328, '129.04'],
    [1286.5699462890625, '1286.57'],
    [7200.17431640625, '7200.1743'],
    [27909466112, '27909466112'],
    [1e-8, '0.00000001'],
    [1e21, '1000000000000000000000'],
    [0.1, '0.1'],
    [-0, '0'],
    [-4.2, '-4.2'],
  ])('%d is %s', (value, text) => {
    expect(decimalFromNumber(value)).toBe(text);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])('%d is no decimal', (value) => {
    expect(decimalFromNumber(value)).toBeNull();
  });

  it('reads back as the same float, whatever the number', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        const back = Number(decimalFromNumber(value));
        expect(back === value || Math.fround(back) === value).toBe(true);
      }),
    );
    fc.assert(
      fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (value) => {
        expect(Math.fround(Number(decimalFromNumber(value)))).toBe(value === 0 ? 0 : value);
      }),
    );
  });

  it('is the shortest text that reads back as the same 32-bit float', () => {
    const prices = fc.double({ min: 0.0005, max: 3e6, noNaN: true }).map(Math.fround);
    const cents = fc.integer({ min: -3_000_000, max: 30_000_000 }).map((each) => Math.fround(each / 100));
    fc.assert(
      fc.property(fc.oneof(prices, cents), (value) => {
        fc.pre(!Number.isInteger(value));
        const texts = Array.from({ length: 9 }, (_, index) => value.toPrecision(index + 1));
        const shortest = texts.find((text) => Math.fround(Number(text)) === value);
        expect(decimalFromNumber(value)).toBe(String(Number(shortest)));
      }),
      { numRuns: 2_000 },
    );
  });
});

it('text with separators, exponents or nothing is no decimal', () => {
  for (const text of ['', '1,234.50', '1e5', 'NaN', '0x10', '1.', '.5']) expect(decimalFromText(text)).toBeNull();
  expect(decimalFromText(' +12.50 ')).toBe('12.50');
});

it('pence divide into pounds without a binary fraction', () => {
  expect(divide('308.8', 100)).toBe('3.088');
  expect(divide('0.0001', 100)).toBe('0.000001');
  expect(subtract('244.60', '241.53')).toBe('3.07');
});
