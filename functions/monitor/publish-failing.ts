import { MetricUnit } from '@aws-lambda-powertools/metrics';
import { sourceFailing, sourcesFlapping, sourcesLimited } from '../../core/contracts/metrics.ts';
import type { HealthStatus } from '../../core/contracts/words/health-status.ts';
import { metrics } from '../../core/runtime/observe.ts';

/**
 * Publishes what the alarms on sources watch: of each source that it fails, and whether any is limited or flaps, with their
 * names for the log. Only while it is so: a metric without data costs nothing. A source that is paused or lacks its
 * credentials is none of them.
 */
export function publishFailing(statuses: ReadonlyMap<string, HealthStatus>, flapping: readonly string[]): void {
  const of = (wanted: HealthStatus) => [...statuses].flatMap(([source, status]) => (status === wanted ? [source] : []));
  for (const source of of('failed')) {
    const metric = metrics.singleMetric();
    metric.addDimension('source', source);
    metric.addMetric(sourceFailing, MetricUnit.Count, 1);
  }
  publishAny(sourcesLimited, of('limited'));
  publishAny(
    sourcesFlapping,
    flapping.filter((source) => statuses.has(source)),
  );
}

function publishAny(name: string, sources: readonly string[]): void {
  if (sources.length === 0) return;
  const metric = metrics.singleMetric();
  metric.addMetadata('sources', sources.join());
  metric.addMetric(name, MetricUnit.Count, 1);
}
