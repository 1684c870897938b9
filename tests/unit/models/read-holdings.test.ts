import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readModelCsv, readModelJson, sumOf } from '../../../core/models/read-holdings.ts';

const holdings = (text: string, unit: 'fraction' | 'percent' | null = null) => {
  const read = readModelCsv(text, unit);
  return {
    unit: read.unit,
    faults: read.faults.map(({ line, code }) => `${line ?? 'all'} ${code}`),
    rows: read.holdings.map(({ symbol, weight, sector }) => [symbol, weight, ...(sector === null ? [] : [sector])]),
  };
};
const sixtyForty = [
  ['AAPL', '0.6'],
  ['VOD.L', '0.4'],
];

describe('a model of CSV', () => {
  it.each([
    ['fractions', 'AAPL,0.6\nVOD.L,0.4'],
    ['percent by their sum', 'AAPL,60\nVOD.L,40'],
    ['percent by their sign', 'AAPL,60%\nVOD.L,40 %'],
    ['a heading', 'Symbol,Weight\nAAPL,0.6\nVOD.L,0.4'],
    ['a heading that says percent', 'ticker,"Weight (%)"\nAAPL,60\nVOD.L,40'],
    ['columns in another order, and more of them', 'name,weight,symbol\n"Apple, Inc.",60,aapl\nVodafone,40,vod.l'],
    ['semicolons with decimal commas', 'Symbol;Weight\nAAPL;0,6\nVOD.L;0,4'],
    ['tabs', 'AAPL\t60,0 %\nVOD.L\t40 %'],
    ['Windows, a mark of UTF-8, and empty lines', '\ufeffAAPL,0.6\r\n\r\nVOD.L,0.4\r\n'],
    ['quoted cells', '"AAPL","0.6"\n"VOD.L","0.4"'],
  ])('with %s', (_name, text) => {
    const { faults, rows } = holdings(text);
    expect({ faults, rows }).toEqual({ faults: [], rows: sixtyForty });
  });

  it('with sectors under one name each', () => {
    expect(holdings('AAPL,0.6,technology\nBAC,0.2, Financial  Services\nX,0.2,n/a').rows).toEqual([
      ['AAPL', '0.6', 'Information Technology'],
      ['BAC', '0.2', 'Financials'],
      ['X', '0.2'],
    ]);
  });

  it.each([
    ['a sum that shows neither', 'AAPL,0.3\nVOD.L,0.2', 'all unit_unclear'],
    ['a sum between the two', 'AAPL,6\nVOD.L,4', 'all unit_unclear'],
    ['signs on some only', 'AAPL,60%\nVOD.L,0.4', 'all unit_mixed'],
    ['a heading of percent above fractions', 'symbol,weight %\nAAPL,0.6\nVOD.L,0.4', 'all unit_unclear'],
  ])('is refused for %s', (_name, text, fault) => {
    expect(holdings(text).faults).toEqual([fault]);
  });

  it('takes what shows neither in the unit that is named', () => {
    expect(holdings('AAPL,30\nVOD.L,20', 'percent').rows).toEqual([
      ['AAPL', '0.3'],
      ['VOD.L', '0.2'],
    ]);
    expect(holdings('AAPL,0.3\nVOD.L,0.2', 'fraction').faults).toEqual([]);
    expect(holdings('AAPL,60%\nVOD.L,40%', 'fraction').faults).toEqual(['all unit_mixed']);
  });

  it('names each line that is wrong, and reads the others', () => {
    const text = [
      'symbol,weight,sector',
      'AAPL,0.5,x,y',
      'AAPL,0.25,',
      'not a symbol!,0.1,',
      ',0.1,',
      'aapl,0.1,',
      'BAC,,',
      'GE,much,',
      'F,-0.1,',
      `T,0.1,${'x'.repeat(65)}`,
      'MSFT,0.75,"open',
      'MSFT,0.75',
    ].join('\n');
    const { faults, rows } = holdings(text);
    expect(faults).toEqual([
      '2 cells',
      '4 symbol_malformed',
      '5 symbol_missing',
      '6 symbol_twice',
      '7 weight_missing',
      '8 weight_malformed',
      '9 weight_range',
      '10 sector_long',
      '11 cells',
    ]);
    expect(rows).toEqual([
      ['AAPL', '0.25'],
      ['MSFT', '0.75'],
    ]);
  });

  it.each([
    ['nothing', '', 'all empty'],
    ['blank lines', '\n \n', 'all empty'],
    ['a heading alone', 'symbol,weight', 'all empty'],
    ['no column of weights', 'symbol,price\nAAPL,1', '1 no_weight_column'],
    ['a decimal comma between commas', 'AAPL,12,5\nVOD.L,87,5', '1 cells,2 cells'],
  ])('with %s is refused', (_name, text, faults) => {
    expect(holdings(text).faults.join()).toBe(faults);
  });

  it('has 500 holdings at most', () => {
    const lines = (count: number) => Array.from({ length: count }, (_, at) => `S${at},${1 / count}`).join('\n');
    expect(holdings(lines(500)).faults).toEqual([]);
    expect(holdings(lines(501)).faults).toEqual(['all too_many']);
  });

  it('is never read in the wrong unit, and loses no digit', () => {
    const parts = fc.array(fc.integer({ min: 1, max: 9_999 }), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(parts, (given) => {
        const whole = given.reduce((sum, each) => sum + each, 0);
        const percent = given.map((part) => ((part / whole) * 100).toFixed(6));
        const read = readModelCsv(percent.map((weight, at) => `S${at},${weight}`).join('\n'), null);
        expect([read.unit, read.faults]).toEqual(['percent', []]);
        const sum = Number(sumOf(read.holdings.map(({ weight }) => weight)));
        expect(Math.abs(sum - 1)).toBeLessThan(1e-6);
      }),
    );
  });

  it('reads any text without failing', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
        const read = readModelCsv(text, null);
        expect(read.faults.length + read.holdings.length).toBeGreaterThan(0);
      }),
    );
  });
});

describe('a model of JSON', () => {
  it('takes numbers and text, with the number of a holding that is wrong', () => {
    const one = { symbol: 'aapl', weight: 0.1 };
    const read = readModelJson({ holdings: [one, { symbol: 'VOD.L', weight: '0.9' }] }, null);
    expect(read.holdings.map(({ symbol, weight }) => [symbol, weight])).toEqual([
      ['AAPL', '0.1'],
      ['VOD.L', '0.9'],
    ]);
    const wrong = readModelJson({ holdings: [one, one, { symbol: 'X', weight: 'lots' }], unit: 'fraction' }, null);
    expect(wrong.faults.map(({ line, code }) => [line, code])).toEqual([
      [2, 'symbol_twice'],
      [3, 'weight_malformed'],
    ]);
  });
});
