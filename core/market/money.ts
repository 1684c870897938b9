/** A currency as an upstream writes it, and what one unit of it is worth in the major currency. */
export interface CurrencyUnit {
  /** ISO 4217 code of the major currency, or the upstream's own text where it is not one. */
  readonly currency: string;
  /** How many of the upstream's units make one of the major currency: 100 for pence, 1 otherwise. */
  readonly minorFactor: number;
}

/** Minor units in which exchanges quote. London in pence, Johannesburg in cents, Tel Aviv in agorot. */
const minorUnits: ReadonlyMap<string, CurrencyUnit> = new Map(
  Object.entries<CurrencyUnit>({
    GBp: { currency: 'GBP', minorFactor: 100 },
    GBX: { currency: 'GBP', minorFactor: 100 },
    ZAc: { currency: 'ZAR', minorFactor: 100 },
    ILA: { currency: 'ILS', minorFactor: 100 },
  }),
);

/**
 * The major currency and factor of an upstream's currency text. Case matters: `GBp` is pence, `GBP` is pounds.
 * A price is converted once, at ingest, by dividing it by `minorFactor`; the row keeps the factor.
 *
 * @example
 * currencyUnit('GBp') // { currency: 'GBP', minorFactor: 100 }
 * currencyUnit('GBP') // { currency: 'GBP', minorFactor: 1 }
 */
export function currencyUnit(text: string): CurrencyUnit {
  return minorUnits.get(text) ?? { currency: text, minorFactor: 1 };
}
