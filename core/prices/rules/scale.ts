import { Decimal } from 'decimal.js';
import type { FindingProposal, PriceField } from '../../contracts/words/price-findings.ts';
import type { DecimalText } from '../../market/decimal.ts';
import type { Row } from './series.ts';

/** Digits of a product: as many as any double keeps. */
const digits = 15;

/** A decimal times a factor, to as many digits as a double keeps. */
export function times(value: DecimalText, factor: DecimalText): DecimalText {
  return new Decimal(value).mul(factor).toSignificantDigits(digits).toFixed();
}

/** A ratio as text, exact where it has an end. */
export function quotient(a: DecimalText, b: DecimalText): DecimalText {
  return new Decimal(a).div(b).toFixed();
}

/** That some prices of a bar are to be multiplied. */
export function scalePrices(
  row: Row,
  factor: DecimalText,
  fields: readonly PriceField[],
  why: 'unit' | 'split',
): FindingProposal {
  const { close } = row.bar;
  return {
    field: 'prices',
    from: close,
    to: fields.includes('close') ? times(close, factor) : close,
    why,
    factor,
    fields,
  };
}
