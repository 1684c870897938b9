import { describe, expect, it } from 'vitest';
import { numberFromText, percentFromText } from '../../../../core/sources/reading/number-text.ts';

describe('a number that is written for people', () => {
  it.each([
    ['1634.20', '1634.20'],
    ['1,634.20', '1634.20'],
    ['1\u202f634\u202f210.5', '1634210.5'],
    ['1\u00a0634', '1634'],
    ['1\u2019634.20', '1634.20'],
    ['-4.20', '-4.20'],
    ['\u22124.20', '-4.20'],
    ['\u2212\u20094.20', '-4.20'],
    ['\u20134.20', '-4.20'],
    ['\u20104.20', '-4.20'],
    ['\u20114.20', '-4.20'],
    ['\ufe634.20', '-4.20'],
    ['\uff0d4.20', '-4.20'],
    ['\u200e\u22124.20', '-4.20'],
    ['4.20-', '-4.20'],
    ['(4.20)', '-4.20'],
    ['(-4.20)', '-4.20'],
    ['(\u22124.20)', '-4.20'],
    ['(+4.20)', '4.20'],
    ['+4.20', '4.20'],
    ['\uff0b4.20', '4.20'],
    ['\ufeff4.20', '4.20'],
    ['\u00a04.20\u2009', '4.20'],
    ['.5', '0.5'],
  ])('%j is %s', (text, number) => {
    expect(numberFromText(text)).toBe(number);
    expect(percentFromText(text)).toBe(number);
  });

  it.each([
    '',
    '-',
    '\u2014',
    '(4.20',
    '4.20)',
    '-4.20-',
    '--4',
    '1,63',
    '1,634 210',
    '1,6345',
    '1e3',
    '4.2.0',
    'n/a',
    '12 34',
  ])('%j is none', (text) => {
    expect(numberFromText(text)).toBeNull();
    expect(percentFromText(text)).toBeNull();
  });

  it('a sign of per cent is for percentages only', () => {
    for (const text of ['0.76%', '0.76 %', '0.76\u00a0%', '0.76\uff05', '(\u22120.76%)']) {
      expect(numberFromText(text)).toBeNull();
      expect(Math.abs(Number(percentFromText(text)))).toBe(0.76);
    }
    expect(percentFromText('\u22120.76\u202f%')).toBe('-0.76');
  });

  it('a text of any length takes no time', () => {
    expect(numberFromText('1,000'.repeat(200_000))).toBeNull();
  });
});
