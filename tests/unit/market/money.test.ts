import { describe, expect, it } from 'vitest';
import { currencyCodes, isCurrency, minorUnitsOf } from '../../../core/market/currencies.ts';
import { currencyUnit } from '../../../core/market/money.ts';

describe('the unit of a currency text', () => {
  it.each([
    ['GBP', 'GBP', 1],
    ['GBp', 'GBP', 100],
    ['GBX', 'GBP', 100],
    ['ZAc', 'ZAR', 100],
    ['ZAr', 'ZAR', 100],
    ['ILA', 'ILS', 100],
    ['KWF', 'KWD', 1_000],
    ['KWd', 'KWD', 1_000],
    ['BHf', 'BHD', 1_000],
    ['JOF', 'JOD', 1_000],
    ['OMB', 'OMR', 1_000],
    ['TNd', 'TND', 1_000],
    ['USX', 'USD', 100],
    ['EUc', 'EUR', 100],
    ['EUX', 'EUR', 100],
    ['DEM', 'DEM', 1],
    ['CNH', 'CNH', 1],
    ['usd', 'USD', 1],
    ['gbp', 'GBP', 1],
    ['zar', 'ZAR', 1],
    ['gbx', 'GBP', 100],
    ['zac', 'ZAR', 100],
    ['kwf', 'KWD', 1_000],
  ])('%s is %s by %d', (text, currency, minorFactor) => {
    expect(currencyUnit(text)).toEqual({ currency, minorFactor });
  });

  it.each([
    '',
    'Usd',
    'Gbp',
    'gBP',
    'qqq',
    'xxx',
    'QQQ',
    'BTC',
    'points',
    'JPy',
    'XXX',
    'XTS',
    'constructor',
    '__proto__',
  ])('%j has none', (text) => {
    expect(currencyUnit(text)).toBeNull();
  });

  it('never takes the code of one currency for the minor unit of another', () => {
    for (const code of currencyCodes)
      for (const text of [code, code.toLowerCase()])
        expect(currencyUnit(text), text).toEqual({ currency: code, minorFactor: 1 });
  });
});

describe('the codes', () => {
  it('have every currency that the runtime knows', () => {
    expect(Intl.supportedValuesOf('currency').filter((code) => !isCurrency(code))).toEqual([]);
  });

  it('have as many minor units as the runtime says, where that has thousandths', () => {
    const digits = (currency: string) =>
      new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits;
    expect(currencyCodes.filter((code) => digits(code) === 3).filter((code) => minorUnitsOf(code) !== 1_000)).toEqual(
      [],
    );
  });
});
