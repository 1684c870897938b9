/** What an alert says. Pure. */
import type { AlertCondition } from '../contracts/http/alerts.ts';
import type { withheldReasons } from '../contracts/words/alerts.ts';
import type { AlertBody } from './body.ts';

/** A price as an alert carries it. */
export interface ShownPrice {
  readonly price: string;
  readonly previousClose: string | null;
  readonly changePercent: number | null;
  readonly currency: string;
  readonly source: string;
  readonly asOf: string;
  readonly disputed: boolean;
}

/** What happened, as far as the alert may say it. */
export interface Happened {
  readonly rule: { readonly id: string; readonly name: string; readonly condition: AlertCondition };
  readonly event: { readonly id: string; readonly type: string; readonly time: string };
  readonly at: Date;
  readonly symbol: string | null;
  readonly sourceId: string | null;
  readonly price: ShownPrice | null;
  /** A count, or a share in percent. */
  readonly figure: number | null;
  /** Why the price or the figure is left out. */
  readonly withheld: (typeof withheldReasons)[number] | null;
  /** Until when quiet hours hold it. */
  readonly heldUntil: Date | null;
}

/** The body of an alert: figures for programs, and a title and a text for people. */
export function raisedBody(of: Happened): AlertBody {
  const { rule, event, at, symbol, sourceId, price, figure, withheld, heldUntil } = of;
  const title = titleOf(of);
  const lines = [
    `Rule: ${rule.name}`,
    ...(price
      ? [`Price: ${price.price} ${price.currency} of ${price.source}, market time ${price.asOf}`]
      : withheld
        ? [
            'The figures are withheld: the licence of their source does not allow the use of the key that made the rule.',
          ]
        : []),
    ...(price?.disputed ? ['Sources disagree on this price.'] : []),
    ...(heldUntil ? [`Held in quiet hours: it happened at ${at.toISOString()}.`] : []),
  ];
  return {
    type: 'quotron.alert.raised',
    timestamp: at.toISOString(),
    data: {
      title,
      text: lines.join('\n'),
      rule: { id: rule.id, name: rule.name, kind: rule.condition.kind, when: rule.condition },
      event,
      ...{ symbol, sourceId, price, figure, withheld },
      held: heldUntil ? { from: at.toISOString(), until: heldUntil.toISOString() } : null,
    },
  };
}

function titleOf({ rule: { condition }, symbol, sourceId, price, figure, withheld }: Happened): string {
  const left = withheld ? ' (price withheld)' : '';
  const now = price ? `: ${price.price} ${price.currency}` : left;
  const counted = figure === null ? 'more' : String(figure);
  const of = sourceId === null ? '' : ` of ${sourceId}`;
  switch (condition.kind) {
    case 'price_above':
      return `${symbol} is above ${condition.price}${now}`;
    case 'price_below':
      return `${symbol} is below ${condition.price}${now}`;
    case 'move': {
      const change = price?.changePercent ?? null;
      const moved = change === null ? `more than ${condition.percent} %` : `${change > 0 ? '+' : ''}${change} %`;
      return `${symbol} has moved ${moved} today${now}`;
    }
    case 'source_failed':
      return `The source ${sourceId} has failed`;
    case 'coverage_below':
      return `${condition.symbol}: daily bars of ${condition.sourceId} for ${figure === null ? 'fewer than' : `${figure} %, less than`} ${condition.percent} % of the last ${condition.days} days`;
    case 'findings_over':
      return `${counted} findings${of} are open, over ${condition.count}`;
    case 'quarantine_over':
      return `${counted} rows${of} wait in quarantine, over ${condition.count}`;
    case 'dispute':
      return `Sources disagree on the price of ${symbol}`;
  }
}
