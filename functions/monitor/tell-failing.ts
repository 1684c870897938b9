import { MetricUnit } from '@aws-lambda-powertools/metrics';
import { sourceFailing, sourceLimited } from '../../core/contracts/metrics.ts';
import type { HealthStatus } from '../../core/contracts/words/health-status.ts';
import { metrics } from '../../core/runtime/observe.ts';

/**
 * Tells of each source whether it fails, 1 or 0, and that it is limited while it is: its alarms hear it. What is paused or
 * lacks its credentials is neither.
 */
export function tellFailing(statuses: ReadonlyMap<string, HealthStatus>): void {
  for (const [source, status] of statuses) {
    tell(source, sourceFailing, status === 'failed' ? 1 : 0);
    // Only while it is: a metric that nothing is written to costs nothing.
    if (status === 'limited') tell(source, sourceLimited, 1);
  }
}

function tell(source: string, name: string, value: number): void {
  const metric = metrics.singleMetric();
  metric.addDimension('source', source);
  metric.addMetric(name, MetricUnit.Count, value);
}
