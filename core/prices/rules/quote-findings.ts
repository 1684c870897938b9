/** The findings of the rules on a quote: what speaks against it, and what it should be where that is exact. */
import { Decimal } from 'decimal.js';
import type { FindingSeverity, PriceWitness } from '../../contracts/words/price-findings.ts';
import type { ListedQuote } from '../../market/listed-quote.ts';
import type { Finding } from './finding.ts';
import { quotient, times } from './scale.ts';

/** That a quote is in another unit, `10 ** power` times too high. */
export function unitFinding(
  row: ListedQuote,
  severity: FindingSeverity,
  power: number,
  witness: PriceWitness,
): Finding {
  return {
    rule: 'unit',
    severity,
    subject: subjectOf(row),
    evidence: { code: 'other_unit', factor: 10 ** -power, fields: ['close'], witness },
    proposal: priceProposal(row, times(row.quote.price, new Decimal(10).pow(-power).toFixed()), 'unit'),
  };
}

/** That a currency pair is the other way round. */
export function invertedFinding(
  row: ListedQuote,
  by: { readonly witness: PriceWitness; readonly price: number },
): Finding {
  const { price } = row.quote;
  const ratio = Number((Number(price) / by.price).toPrecision(4));
  return {
    rule: 'unit',
    severity: 'wrong',
    subject: subjectOf(row),
    evidence: { code: 'inverted', ratio, witness: by.witness },
    proposal: priceProposal(row, new Decimal(quotient('1', price)).toSignificantDigits(15).toFixed(), 'inverted'),
  };
}

function priceProposal({ quote }: ListedQuote, to: string, why: 'unit' | 'inverted'): Finding['proposal'] {
  return { field: 'price', from: quote.price, to, why };
}

/** That a quote is far from what a witness says. */
export function priceFinding(
  row: ListedQuote,
  severity: FindingSeverity,
  ratio: number,
  witness: PriceWitness,
): Finding {
  return {
    rule: 'edges',
    severity,
    subject: subjectOf(row),
    evidence: { code: 'price_off', ratio: Number(ratio.toPrecision(4)), rows: 1, witness },
    proposal: null,
  };
}

function subjectOf({ quote }: ListedQuote): Finding['subject'] {
  return { kind: 'quote', interval: null, date: null, at: quote.asOf, said: null };
}
