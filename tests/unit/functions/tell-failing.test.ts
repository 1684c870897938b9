import { expect, it, vi } from 'vitest';
import { healthStatuses } from '../../../core/contracts/reasons.ts';
import { tellFailing } from '../../../functions/monitor/tell-failing.ts';

it('tells of each source, by the dimensions of its alarm, that it fails or does not', () => {
  const lines: string[] = [];
  const written = vi.spyOn(process.stdout, 'write').mockImplementation((text) => lines.push(String(text)) > 0);
  tellFailing(new Map(healthStatuses.map((status) => [`a-${status}-source`, status])));
  written.mockRestore();
  expect(lines.map((line): unknown => JSON.parse(line))).toEqual(
    healthStatuses.map((status) => ({
      _aws: {
        Timestamp: expect.any(Number),
        CloudWatchMetrics: [
          {
            Namespace: 'Quotron',
            Dimensions: [['service', 'stage', 'source']],
            Metrics: [{ Name: 'SourceFailing', Unit: 'Count' }],
          },
        ],
      },
      service: 'quotron',
      stage: expect.any(String),
      source: `a-${status}-source`,
      SourceFailing: status === 'failed' ? 1 : 0,
    })),
  );
});
