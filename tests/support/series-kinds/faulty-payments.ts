/** Faults of vendors in payments and in their own adjusted close, by kind. */
import type { RuleAction } from '../../../core/prices/rules/series.ts';
import { adjustedBy } from '../price-walks.ts';
import { randomOf } from '../random.ts';
import {
  inOrder,
  type Kind,
  payer,
  paying,
  paymentAt,
  placeOf,
  rowOf,
  rowOfPayment,
  scaledPayment,
  splitAt,
  type Told,
  text,
} from './series.ts';

type Adjusts = 'rightly' | 'as told';

const pence = { minorFactor: 100 };

/** A payer with payments told otherwise, while its vendor takes off the right ones or those. */
function payments(
  right: Told['right'],
  change: (actions: readonly RuleAction[]) => readonly RuleAction[],
  how: Adjusts,
): Told {
  const told = inOrder(change(right.actions));
  return { right, told: paying(right, told, how === 'rightly' ? right.actions : told) };
}

function scaled(seed: number, factor: number, how: Adjusts, of = {}): Told {
  const right = payer(seed, of);
  return payments(right, (actions) => scaledPayment(actions, placeOf(seed, right), factor), how);
}

function beforeSplit(seed: number, all: boolean, how: Adjusts): Told {
  const plain = payer(seed, { payments: 4 });
  const row = Math.floor(plain.bars.length * 0.6);
  const right = splitAt(plain, row, 5);
  const exDate = right.bars[row]?.date ?? '';
  const place = right.actions.findLastIndex((action) => action.type === 'dividend' && action.exDate < exDate) - 1;
  const change = (actions: readonly RuleAction[]) =>
    actions.map((action, at) =>
      action.type === 'dividend' && action.exDate < exDate && (all || at === place)
        ? { ...action, value: text(Number(action.value) * 5) }
        : action,
    );
  return payments(right, change, how);
}

function twice(seed: number, days: number, how: Adjusts): Told {
  const right = payer(seed);
  const place = placeOf(seed, right);
  const paid = right.actions[place];
  const exDate = right.bars[rowOfPayment(right, place) + days]?.date ?? '';
  return payments(right, (actions) => (paid ? [...actions, { ...paid, exDate }] : actions), how);
}

function redated(seed: number, days: number, how: Adjusts): Told {
  const right = payer(seed, { payout: 0.02 });
  const place = placeOf(seed, right);
  const exDate = right.bars[rowOfPayment(right, place) + days]?.date ?? '';
  return payments(
    right,
    (actions) => actions.map((action, at) => (at === place ? { ...action, exDate } : action)),
    how,
  );
}

/** A fund whose dividend of a day holds the gain that is told beside it; prices fall by the dividend. */
export function gains(seed: number, taken: 'both' | 'the dividend', share = 0.5): Told {
  const right = payer(seed, {
    payments: 1,
    payout: 0.02 + 0.05 * randomOf(seed + 3)(),
    assetClass: 'fund',
    move: 0.005 + 0.007 * randomOf(seed + 4)(),
  });
  const gain = right.actions.map(
    (action): RuleAction => ({ ...action, type: 'capital_gain', value: text(Number(action.value) * share) }),
  );
  const told = inOrder([...right.actions, ...gain]);
  const input = paying(right, told, right.actions);
  if (taken === 'the dividend') return { right, told: input };
  const sums = right.actions.map((action) => ({ ...action, value: text(Number(action.value) * (1 + share)) }));
  return { right, told: { ...input, adjusted: adjustedBy({ bars: right.bars, actions: sums }) } };
}

/** A vendor's adjusted close that takes off other amounts than it tells. */
function adjusted(right: Told['right'], amount: (value: number, at: number) => number): Told {
  const taken = right.actions.map((action, at) =>
    action.type === 'dividend' ? { ...action, value: text(amount(Number(action.value), at)) } : action,
  );
  return { right, told: { ...right, adjusted: adjustedBy({ bars: right.bars, actions: taken }) } };
}

export const faultyPayments: readonly Kind<Told>[] = [
  ['a payment of a hundred times, in pence', (seed) => scaled(seed, 100, 'as told', pence)],
  ['a payment of a hundred times, in pence, taken off rightly', (seed) => scaled(seed, 100, 'rightly', pence)],
  ['a payment of a hundredth, in pence', (seed) => scaled(seed, 0.01, 'as told', pence)],
  ['a payment of a hundredth, in pence, taken off rightly', (seed) => scaled(seed, 0.01, 'rightly', pence)],
  ['a payment of a hundred times, taken off rightly', (seed) => scaled(seed, 100, 'rightly')],
  ['a payment of a hundred times', (seed) => scaled(seed, 100, 'as told')],
  ['a payment of a hundredth, taken off rightly', (seed) => scaled(seed, 0.01, 'rightly')],
  ['a payment of a hundredth', (seed) => scaled(seed, 0.01, 'as told')],
  ['a payment of ten times', (seed) => scaled(seed, 10, 'as told')],
  [
    'a yearly payment of a hundredth, in pence',
    (seed) => scaled(seed, 0.01, 'as told', { ...pence, payments: 1, payout: 0.04, rows: 1800 }),
  ],
  [
    'all payments of a hundredth, in pence',
    (seed) => {
      const right = payer(seed, pence);
      return payments(
        right,
        (actions) => actions.map((action) => ({ ...action, value: text(Number(action.value) / 100) })),
        'as told',
      );
    },
  ],
  [
    'half of the payments in pounds, half in pence',
    (seed) => {
      const right = payer(seed, pence);
      return payments(
        right,
        (actions) =>
          actions.map((action, at) => (at % 2 ? { ...action, value: text(Number(action.value) / 100) } : action)),
        'as told',
      );
    },
  ],
  ['a payment in dollars told in pounds, taken off rightly', (seed) => scaled(seed, 1.27, 'rightly', pence)],
  [
    'a payment in another currency',
    (seed) => {
      const right = payer(seed);
      return payments(
        right,
        (actions) =>
          actions.map((action, at) => (at === placeOf(seed, right) ? { ...action, currency: 'EUR' } : action)),
        'rightly',
      );
    },
  ],
  ['a payment in the shares of before a split, taken off rightly', (seed) => beforeSplit(seed, false, 'rightly')],
  ['a payment in the shares of before a split', (seed) => beforeSplit(seed, false, 'as told')],
  ['all payments in the shares of before a split', (seed) => beforeSplit(seed, true, 'as told')],
  ['a payment told again after three days, taken off once', (seed) => twice(seed, 3, 'rightly')],
  ['a payment told again after a week', (seed) => twice(seed, 5, 'as told')],
  ['a payment under a date four days early, taken off rightly', (seed) => redated(seed, -4, 'rightly')],
  ['a payment under a date a week late', (seed) => redated(seed, 5, 'as told')],
  ['a gain beside the dividend that holds it, taken off twice', (seed) => gains(seed, 'both')],
  ['a gain beside the dividend that is all of it, taken off twice', (seed) => gains(seed, 'both', 1)],
  [
    'a payment that nobody makes',
    (seed) => {
      const right = payer(seed);
      const row = rowOf(seed, right);
      return payments(right, (actions) => [...actions, paymentAt(right, row, 0.04)], 'rightly');
    },
  ],
  [
    'a payment that is missing, and taken off all the same',
    (seed) => {
      const right = payer(seed);
      return payments(right, (actions) => actions.filter((_, at) => at !== placeOf(seed, right)), 'rightly');
    },
  ],
  [
    'an adjusted close that lacks a payment',
    (seed) => {
      const right = payer(seed);
      return adjusted(right, (value, at) => (at === placeOf(seed, right) ? 0 : value));
    },
  ],
  ['an adjusted close that lacks all payments', (seed) => adjusted(payer(seed), () => 0)],
  ['an adjusted close with payments of a hundredth', (seed) => adjusted(payer(seed), (value) => value / 100)],
  [
    'an adjusted close with a payment of a hundredth, in pence',
    (seed) => {
      const right = payer(seed, pence);
      return adjusted(right, (value, at) => (at === placeOf(seed, right) ? value / 100 : value));
    },
  ],
  [
    'an adjusted close with a payment twice',
    (seed) => {
      const right = payer(seed);
      return adjusted(right, (value, at) => (at === placeOf(seed, right) ? 2 * value : value));
    },
  ],
  [
    'an adjusted close that leaves the close without a payment',
    (seed) => {
      const right = payer(seed);
      const at = right.bars[rowOf(seed, right)]?.startsAt ?? 0;
      return {
        right,
        told: {
          ...right,
          adjusted: new Map([...(right.adjusted ?? [])].map(([key, value]) => [key, key < at ? value * 0.93 : value])),
        },
      };
    },
  ],
  [
    'an adjusted close in the shares of before a split',
    (seed) => {
      const right = splitAt(payer(seed), 400, 4);
      const at = right.bars[400]?.startsAt ?? 0;
      return {
        right,
        told: {
          ...right,
          adjusted: new Map([...(right.adjusted ?? [])].map(([key, value]) => [key, key < at ? value * 4 : value])),
        },
      };
    },
  ],
  [
    'an adjusted close that ends with its payments years ago',
    (seed) => {
      const right = payer(seed);
      return adjusted(right, (value, at) => (at < right.actions.length / 2 ? 0 : value));
    },
  ],
];
