import { MetricUnit } from '@aws-lambda-powertools/metrics';
import { sourceFailing, sourceFlapping, sourceLimited } from '../../core/contracts/metrics.ts';
import type { HealthStatus } from '../../core/contracts/words/health-status.ts';
import { metrics } from '../../core/runtime/observe.ts';

/**
 * Publishes the metrics of each source that its alarms watch: whether it fails, 1 or 0, 1 while it is limited, and 1 while it
 * flaps. A source that is paused or lacks its credentials is none of them.
 */
export function publishFailing(statuses: ReadonlyMap<string, HealthStatus>, flapping: readonly string[]): void {
  for (const [source, status] of statuses) {
    publish(source, sourceFailing, status === 'failed' ? 1 : 0);
    // Only while it is: a metric without data costs nothing.
    if (status === 'limited') publish(source, sourceLimited, 1);
    if (flapping.includes(source)) publish(source, sourceFlapping, 1);
  }
}

function publish(source: string, name: string, value: number): void {
  const metric = metrics.singleMetric();
  metric.addDimension('source', source);
  metric.addMetric(name, MetricUnit.Count, value);
}
