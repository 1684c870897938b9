import { expect, it, vi } from 'vitest';
import { healthStatuses } from '../../../core/contracts/words/health-status.ts';
import { publishFailing } from '../../../functions/monitor/publish-failing.ts';

it('publishes of each source, by the dimensions of its alarms, whether it fails, and of one at its limit or one that flaps that it is', () => {
  const lines: string[] = [];
  const written = vi.spyOn(process.stdout, 'write').mockImplementation((text) => lines.push(String(text)) > 0);
  publishFailing(new Map(healthStatuses.map((status) => [`a-${status}-source`, status])), ['a-degraded-source']);
  written.mockRestore();
  const line = (status: string, name: string, value: number) => ({
    _aws: {
      Timestamp: expect.any(Number),
      CloudWatchMetrics: [
        {
          Namespace: 'Quotron',
          Dimensions: [['service', 'stage', 'source']],
          Metrics: [{ Name: name, Unit: 'Count' }],
        },
      ],
    },
    service: 'quotron',
    stage: expect.any(String),
    source: `a-${status}-source`,
    [name]: value,
  });
  expect(lines.map((text): unknown => JSON.parse(text))).toEqual(
    healthStatuses.flatMap((status) => [
      line(status, 'SourceFailing', status === 'failed' ? 1 : 0),
      ...(status === 'limited' ? [line(status, 'SourceLimited', 1)] : []),
      ...(status === 'degraded' ? [line(status, 'SourceFlapping', 1)] : []),
    ]),
  );
});
