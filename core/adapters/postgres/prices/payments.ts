import type { CorporateAction } from '../../../market/bar.ts';
import { add } from '../../../market/decimal.ts';

/**
 * SQL: the rows of a table of corporate actions as `a`, one for each payment where a day has several of a kind. `paid` and
 * `paid_in` are the amount and the currency of one.
 */
export const paymentsOf = (table: string): string => `(
  SELECT c.*, coalesce((part->>'amount')::numeric, c.amount) AS paid, coalesce(part->>'currency', c.currency) AS paid_in
  FROM ${table} c
  LEFT JOIN LATERAL jsonb_array_elements(CASE WHEN (c.parts->>'sum')::numeric = c.amount THEN c.parts->'of' END) part ON true
) a`;

/** What a source names for one day and kind, as one row: the sum of several payments, and `parts` to tell them apart. */
export interface ActionRow {
  readonly action: CorporateAction;
  readonly parts: string | null;
}

/** One row for each kind and day. Payments in several currencies have no sum: the row has that of the first of them. */
export function actionRows(actions: readonly CorporateAction[]): ActionRow[] {
  const days = Map.groupBy(actions, ({ type, exDate }) => `${type} ${exDate}`);
  return [...days.values()].flatMap((ofDay): ActionRow[] => {
    const [first, ...others] = ofDay;
    if (!first) return [];
    if (first.amount === null || others.length === 0) return [{ action: ofDay.at(-1) ?? first, parts: null }];
    const sum = others
      .filter(({ currency }) => currency === first.currency)
      .reduce((total, { amount }) => (amount === null ? total : add(total, amount)), first.amount);
    const of = ofDay.map(({ amount, currency }) => ({ amount, currency }));
    return [{ action: { ...first, amount: sum }, parts: JSON.stringify({ sum, of }) }];
  });
}
