import { Decimal } from 'decimal.js';
import type { HoldingGap } from '../contracts/words/model-faults.ts';
import type { DecimalText } from '../market/decimal.ts';

/** A holding with what its price did since the close before. */
export interface ValuedHolding {
  readonly symbol: string;
  readonly weight: DecimalText;
  readonly sector: string | null;
  readonly changeFraction: DecimalText | null;
  readonly gap: HoldingGap | null;
}

/** Digits after the point that a share of a change is written with. */
const digits = 12;

/** What a holding adds to the day's change of its model. */
export function contributionOf({ weight, changeFraction, gap }: ValuedHolding): DecimalText | null {
  if (gap !== null || changeFraction === null) return null;
  return new Decimal(weight).times(changeFraction).toDecimalPlaces(digits).toFixed();
}

/**
 * What an amount that was in the model at the close before is worth now, with these weights. What the weights lack to 1
 * counts as cash, which does not move. `null` where a holding has a gap: the sum of the others is no value of the model.
 */
export function dayValueOf(holdings: readonly ValuedHolding[], amount: DecimalText) {
  const priced = holdings.filter(({ gap }) => gap === null);
  const missing = holdings.flatMap(({ symbol, gap, weight }) =>
    gap === null || new Decimal(weight).isZero() ? [] : [{ symbol, gap }],
  );
  const sum = priced.reduce((total, each) => total.plus(contributionOf(each) ?? 0), new Decimal(0));
  const whole = missing.length === 0 && priced.length > 0;
  const change = sum.times(amount).toDecimalPlaces(digits);
  return {
    amount,
    now: whole ? change.plus(amount).toFixed() : null,
    change: whole ? change.toFixed() : null,
    changeFraction: whole ? sum.toFixed() : null,
    pricedWeight: priced.reduce((total, { weight }) => total.plus(weight), new Decimal(0)).toFixed(),
    pricedContribution: sum.toFixed(),
    missing,
  };
}

/** The sectors of a model, the largest first; what nobody names the sector of comes last. */
export function sectorsOf(holdings: readonly ValuedHolding[]) {
  const groups = [...Map.groupBy(holdings, ({ sector }) => sector)].map(([sector, those]) => {
    const shares = those.map(contributionOf);
    const known = shares.every((share) => share !== null);
    return {
      sector,
      weight: those.reduce((total, { weight }) => total.plus(weight), new Decimal(0)),
      holdings: those.map(({ symbol }) => symbol),
      contribution: known ? shares.reduce((total, share) => total.plus(share ?? 0), new Decimal(0)).toFixed() : null,
    };
  });
  return groups
    .toSorted(
      (a, b) =>
        Number(a.sector === null) - Number(b.sector === null) ||
        b.weight.comparedTo(a.weight) ||
        (a.sector ?? '').localeCompare(b.sector ?? ''),
    )
    .map((group) => ({ ...group, weight: group.weight.toFixed() }));
}
