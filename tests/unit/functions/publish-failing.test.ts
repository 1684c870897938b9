import { expect, it, vi } from 'vitest';
import { type HealthStatus, healthStatuses } from '../../../core/contracts/words/health-status.ts';
import { publishFailing } from '../../../functions/monitor/publish-failing.ts';

it('publishes of each source that fails that it does, by the dimensions of its alarm, and whether any is limited or flaps', () => {
  const statuses = new Map(healthStatuses.map((status) => [`a-${status}-source`, status]));
  const line = (name: string, more: object, dimensions: readonly string[] = []) => ({
    _aws: {
      Timestamp: expect.any(Number),
      CloudWatchMetrics: [
        {
          Namespace: 'Quotron',
          Dimensions: [['service', 'stage', ...dimensions]],
          Metrics: [{ Name: name, Unit: 'Count' }],
        },
      ],
    },
    service: 'quotron',
    stage: expect.any(String),
    [name]: 1,
    ...more,
  });
  expect(published(statuses, ['a-degraded-source', 'a-removed-source'])).toEqual([
    line('SourceFailing', { source: 'a-failed-source' }, ['source']),
    line('SourcesLimited', { sources: 'a-limited-source' }),
    line('SourcesFlapping', { sources: 'a-degraded-source' }),
  ]);
});

it('publishes nothing while nothing is wrong: a metric without data costs nothing', () => {
  expect(published(new Map([['yahoo', 'healthy']]), [])).toEqual([]);
});

function published(statuses: ReadonlyMap<string, HealthStatus>, flapping: readonly string[]): unknown[] {
  const lines: string[] = [];
  const written = vi.spyOn(process.stdout, 'write').mockImplementation((text) => lines.push(String(text)) > 0);
  publishFailing(statuses, flapping);
  written.mockRestore();
  return lines.map((text): unknown => JSON.parse(text));
}
