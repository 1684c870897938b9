import { MetricUnit } from '@aws-lambda-powertools/metrics';
import type { HealthStatus } from '../../core/contracts/reasons.ts';
import { sourceFailing } from '../../core/contracts/settings.ts';
import { metrics } from '../observe.ts';

/** Tells of each source whether it fails, 1 or 0: its alarm hears it. What is paused or lacks its credentials never does. */
export function tellFailing(statuses: ReadonlyMap<string, HealthStatus>): void {
  for (const [source, status] of statuses) {
    const metric = metrics.singleMetric();
    metric.addDimension('source', source);
    metric.addMetric(sourceFailing, MetricUnit.Count, status === 'failed' ? 1 : 0);
  }
}
