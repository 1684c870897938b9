import type { Duration } from 'aws-cdk-lib';
import { type IMetric, MathExpression } from 'aws-cdk-lib/aws-cloudwatch';

/** CloudWatch's limit. Each costs as much as an alarm of its own: what is saved by one alarm is mails, not money. */
const mostMetrics = 10;

/**
 * A metric as part of an expression. With `limit` it is divided by it, so that 1 is too much of each; with `least` it is 1
 * when less than that is left, else 0.
 */
export interface Part {
  readonly metric: IMetric;
  readonly limit?: number;
  readonly least?: number;
  /** With `least`: no data are too little. */
  readonly orSilent?: boolean;
}

/**
 * One metric of several: their sum, the largest or the smallest. A part without data is as good as none of it: a queue that
 * nobody uses has no data. Alarms on it look at two periods at least, as data may come a little late.
 */
export function together(by: 'SUM' | 'MAX' | 'MIN', parts: readonly Part[], period: Duration): IMetric {
  if (parts.length === 0 || parts.length > mostMetrics)
    throw new Error(`An alarm takes 1 to ${mostMetrics} metrics and got ${parts.length}. Make two of it.`);
  const terms = parts.map(({ limit, least, orSilent = false }, at) => {
    if (least !== undefined) return `IF(FILL(m${at}, ${orSilent ? 0 : least}) < ${least}, 1, 0)`;
    const value = `FILL(m${at}, 0)`;
    return limit === undefined ? value : `${value} / ${limit}`;
  });
  return new MathExpression({
    expression: terms.length === 1 ? terms.join('') : `${by}([${terms.join(', ')}])`,
    usingMetrics: Object.fromEntries(parts.map(({ metric }, at) => [`m${at}`, metric])),
    period,
  });
}

/** What does not fit into one alarm, in parts that do. */
export function inAlarms<Item>(items: readonly Item[]): readonly (readonly Item[])[] {
  return Array.from({ length: Math.ceil(items.length / mostMetrics) }, (_, at) =>
    items.slice(at * mostMetrics, (at + 1) * mostMetrics),
  );
}
