import type { AlertCondition } from '../contracts/http/alerts.ts';
import { type DecimalText, isAbove, multiply } from '../market/decimal.ts';

type PriceCondition = Extract<AlertCondition, { kind: 'price_above' | 'price_below' }>;

/**
 * Whether a price is beyond the one of a rule. Once it was, it counts as beyond until it is `rearmPercent` on the other
 * side, so that a price that wavers around the line is told once. Equal is neither above nor below.
 *
 * @example
 * meetsPrice({ kind: 'price_above', symbol: 'AAPL', price: '200', rearmPercent: 1 }, '200.01', false) // true
 * meetsPrice({ kind: 'price_above', symbol: 'AAPL', price: '200', rearmPercent: 1 }, '199', true) // true
 */
export function meetsPrice(condition: PriceCondition, price: DecimalText, before: boolean | null): boolean {
  const up = condition.kind === 'price_above';
  const beyond = up ? isAbove(price, condition.price) : isAbove(condition.price, price);
  if (beyond || before !== true || condition.rearmPercent === 0) return beyond;
  const share = String(up ? 100 - condition.rearmPercent : 100 + condition.rearmPercent);
  const rearmed = multiply(condition.price, share, '0.01');
  return up ? isAbove(price, rearmed) : isAbove(rearmed, price);
}
