import { monthlyPrice, usualUse } from '../../lib/cost/monthly-price.ts';

/** Symbols that the catalogue begins with, about. */
const usualSymbols = 20;

/** What a stage costs a month by list price, in dollars, with the usual use of few symbols; from its templates. */
export function monthlyUsd(templates: readonly unknown[]): number {
  return monthlyPrice(templates, usualUse(usualSymbols, 'always')).usd;
}
