import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { catalogue } from '../../core/sources/catalogue.ts';
import { headingAnchor } from '../../lib/monitoring/runbook-alarm.ts';
import { functionsOf, queuesOf, resourcesOf, stages } from './synthesize.ts';

const runbook = readFileSync(join(import.meta.dirname, '../../docs/runbook.md'), 'utf8');
const anchors = new Set([...runbook.matchAll(/^#+ (.+)$/gm)].map(([, heading]) => headingAnchor(heading ?? '')));

const alarmSchema = z.object({
  AlarmDescription: z.string(),
  MetricName: z.string(),
  Dimensions: z.array(z.object({ Name: z.string(), Value: z.unknown() })).default([]),
});

describe.each(stages)('in %s', (stage) => {
  const alarms = resourcesOf(stage, 'AWS::CloudWatch::Alarm').map(({ resource }) =>
    alarmSchema.parse(resource.Properties),
  );
  const on = (metric: string, id: string) =>
    alarms.filter(
      ({ MetricName, Dimensions }) => MetricName === metric && JSON.stringify(Dimensions).includes(`"${id}"`),
    );

  it('every alarm leads to a heading of the runbook that exists', () => {
    expect(alarms.length).toBeGreaterThan(0);
    for (const { AlarmDescription } of alarms) {
      const anchor = /docs\/runbook\.md#(\S+)$/.exec(AlarmDescription)?.[1];
      expect(anchors, AlarmDescription).toContain(anchor);
    }
  });

  it('every function has an alarm on its errors, every dead-letter queue one on its letters', () => {
    for (const [name, { id }] of functionsOf(stage)) expect(on('Errors', id), name).toHaveLength(1);
    for (const [name, { id }] of queuesOf(stage)) {
      const expected = name.endsWith('-dead') ? 1 : 0;
      expect(on('ApproximateNumberOfMessagesVisible', id), name).toHaveLength(expected);
    }
  });

  it.each(['SourceFailing', 'SourceLimited', 'SourceFlapping'])(
    'every source has an alarm on what the monitor reports it by %s',
    (metric) => {
      for (const { id } of catalogue) {
        const [alarm, ...others] = on(metric, id);
        expect(others, id).toEqual([]);
        expect(alarm?.Dimensions.map(({ Name, Value }) => [Name, Value]).sort(), id).toEqual([
          ['service', 'quotron'],
          ['source', id],
          ['stage', stage],
        ]);
      }
    },
  );

  it('a clock that stands still is heard', () => {
    for (const name of ['schedule', 'monitor']) {
      expect(on('Invocations', functionsOf(stage).get(name)?.id ?? ''), name).toHaveLength(1);
    }
  });
});

it('a heading’s anchor is what GitHub makes of it', () => {
  expect(headingAnchor('Function errors: scrape-api')).toBe('function-errors-scrape-api');
  expect(headingAnchor('Dead letters: scrape queues')).toBe('dead-letters-scrape-queues');
});
