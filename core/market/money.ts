import { currencyCodes, minorUnitsOf } from './currencies.ts';

/** A currency as an upstream writes it, and what one unit of it is worth in the major currency. */
export interface CurrencyUnit {
  /** Code of the major currency. */
  readonly currency: string;
  /** How many of the upstream's units make one of the major currency: 100 for pence, 1,000 for fils, 1 otherwise. */
  readonly minorFactor: number;
}

/** ISO 4217 for "no currency": the level of an index is points. */
export const noCurrency = 'XXX';

/**
 * What exchanges and data vendors write for a minor unit, by its currency: pence, cents, agorot, fils. Beside these, a
 * code whose last letter is small is the minor unit of that currency (`ZAr`, `KWd`, `USd`), as Bloomberg writes them.
 */
const writtenAs: Readonly<Record<string, string>> = {
  GBP: 'GBp GBX GBx',
  ZAR: 'ZAc ZAC ZAX',
  ILS: 'ILA ILa ILX',
  USD: 'USX USx USc USC',
  EUR: 'EUX EUx EUc EUC',
  KWD: 'KWF KWf',
  BHD: 'BHF BHf',
  JOD: 'JOF JOf',
  IQD: 'IQF IQf',
  OMR: 'OMB OMb',
  TND: 'TNM TNm',
  CAD: 'CAX CAx CAc',
  AUD: 'AUX AUx AUc',
  NZD: 'NZX NZx NZc',
  HKD: 'HKX HKx HKc',
  SGD: 'SGX SGx SGc',
  CHF: 'CHX CHx CHc',
  INR: 'INp',
  PKR: 'PKp',
  LKR: 'LKc',
  MYR: 'MYs',
  KES: 'KEc',
  NGN: 'NGk',
  GHS: 'GHp',
  BWP: 'BWt',
  NAD: 'NAc',
  MUR: 'MUc',
  ZMW: 'ZMn',
};

const minorUnits: ReadonlyMap<string, CurrencyUnit> = new Map(
  currencyCodes.flatMap((currency): [string, CurrencyUnit][] => {
    const minorFactor = minorUnitsOf(currency);
    if (minorFactor === 1) return [];
    const names = [`${currency.slice(0, 2)}${currency.slice(2).toLowerCase()}`];
    if (Object.hasOwn(writtenAs, currency)) names.push(...(writtenAs[currency] ?? '').split(' '));
    return names.map((name) => [name, { currency, minorFactor }]);
  }),
);

/**
 * What a unit is called, as `currencyUnit` reads it: by the vendors' usual name where it is a minor one.
 *
 * @example
 * unitName({ currency: 'GBP', minorFactor: 100 }) // 'GBp'
 */
export function unitName({ currency, minorFactor }: CurrencyUnit): string {
  if (minorFactor === 1) return currency;
  const [usual] = Object.hasOwn(writtenAs, currency) ? (writtenAs[currency] ?? '').split(' ') : [];
  return usual || `${currency.slice(0, 2)}${currency.slice(2).toLowerCase()}`;
}

const majorUnits: ReadonlyMap<string, CurrencyUnit> = new Map(
  currencyCodes.map((currency) => [currency, { currency, minorFactor: 1 }]),
);
const allSmall = /^[a-z]{3}$/;

/**
 * The major currency and factor of an upstream's currency text; `null` for a text that is no known currency. Case
 * matters: `GBp` is pence, `GBP` is pounds. A price is converted once, at ingest, by dividing it by `minorFactor`; the
 * row keeps the factor.
 *
 * @example
 * currencyUnit('GBp') // { currency: 'GBP', minorFactor: 100 }
 * currencyUnit('GBP') // { currency: 'GBP', minorFactor: 1 }
 * currencyUnit('gbp') // { currency: 'GBP', minorFactor: 1 }
 * currencyUnit('KWF') // { currency: 'KWD', minorFactor: 1000 }
 * currencyUnit('points') // null
 */
export function currencyUnit(text: string): CurrencyUnit | null {
  const known = minorUnits.get(text) ?? majorUnits.get(text);
  if (known || !allSmall.test(text)) return known ?? null;
  // No minor unit is written in small letters alone but what has a code of its own in capitals: `gbp` is pounds, `gbx` pence.
  const code = text.toUpperCase();
  return majorUnits.get(code) ?? minorUnits.get(code) ?? null;
}
