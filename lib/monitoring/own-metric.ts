import type { Duration } from 'aws-cdk-lib';
import { Metric } from 'aws-cdk-lib/aws-cloudwatch';
import type { Installation } from '../../core/contracts/installation.ts';

/** A metric that functions of Quotron count by themselves, of one installation. `more` are dimensions beside that. */
export function ownMetric(
  { prefix, stage }: Installation,
  metricName: string,
  of: { statistic: string; period: Duration; more?: Readonly<Record<string, string>> },
): Metric {
  const { statistic, period, more } = of;
  const dimensionsMap = { service: prefix, stage, ...more };
  return new Metric({ namespace: 'Quotron', metricName, dimensionsMap, statistic, period });
}
