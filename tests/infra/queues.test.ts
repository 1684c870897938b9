import { describe, expect, it } from 'vitest';
import { stageSettings } from '../../bin/stages.ts';
import { apiQueues, scrapeQueueName } from '../../core/contracts/queues.ts';
import { settingNames } from '../../core/contracts/settings.ts';
import { sourcesOf } from '../../core/sources/catalogue.ts';
import type { SourceDefinition } from '../../core/sources/definition.ts';
import { neededExecutions } from '../../lib/executions.ts';
import { cloudStages, eventSourcesOf, functionsOf, queuesOf, resourcesOf, stages } from './synthesize.ts';

const day = 86_400;

describe.each(stages)('in %s', (stage) => {
  /** With few executions, sources of a kind share a queue, and pages the queue of blobs. */
  const together = stage === 'dev';
  const scrapeQueueOf = ({ id, kind }: SourceDefinition) => scrapeQueueName(together ? kind : id);

  it('there is a queue per source (in dev per kind), and one each for blobs, blobs of pages, outcomes, ticks, recoveries and bells of the relay, all with a dead-letter queue', () => {
    const names = [
      ...new Set(sourcesOf(stage).map(scrapeQueueOf)),
      'ingest',
      ...(together ? [] : ['ingest-pages']),
      'outcomes',
      'ticks',
      'recoveries',
      'events',
      'alerts',
      'alert-events',
      'exports',
    ];
    expect([...queuesOf(stage).keys()].sort()).toEqual(names.flatMap((name) => [name, `${name}-dead`]).sort());
  });

  it('each queue has one reader', () => {
    const readers = Object.fromEntries(eventSourcesOf(stage).map((source) => [source.queueName, source.functionName]));
    expect(readers).toEqual({
      ...Object.fromEntries(sourcesOf(stage).map((source) => [scrapeQueueOf(source), `scrape-${source.kind}`])),
      ingest: 'ingest',
      ...(together ? {} : { 'ingest-pages': 'ingest' }),
      outcomes: 'monitor',
      ticks: 'schedule',
      recoveries: 'recover',
      events: 'relay-events',
      alerts: 'deliver-alerts',
      'alert-events': 'evaluate-alerts',
      exports: 'write-exports',
    });
    expect(eventSourcesOf(stage)).toHaveLength(Object.keys(readers).length);
  });

  it('the API is told where each queue is without which it does not start', () => {
    const variables = Object.keys(functionsOf(stage).get('api')?.variables ?? {});
    expect(variables).toEqual(expect.arrayContaining(Object.values(apiQueues).map((url) => settingNames[url])));
  });

  it('a message stays hidden for six times as long as its reader may take', () => {
    for (const { queueName, queue, timeout } of eventSourcesOf(stage)) {
      expect(queue.VisibilityTimeout, queueName).toBeGreaterThanOrEqual(6 * timeout);
    }
  });

  it('no message is a dead letter because Lambda had no execution for it for a quarter of an hour', () => {
    for (const { queueName, queue } of eventSourcesOf(stage)) {
      const receives = queue.RedrivePolicy?.maxReceiveCount ?? 0;
      // Each refused receipt lasts as long as the message is hidden. The last two begin when the throttle is over.
      expect((receives - 2) * (queue.VisibilityTimeout ?? 0), queueName).toBeGreaterThanOrEqual(900);
      // As AWS advises; and a message that kills its reader does so for no more than two hours.
      expect(receives, queueName).toBeGreaterThanOrEqual(5);
      expect(receives * (queue.VisibilityTimeout ?? 0), queueName).toBeLessThanOrEqual(7_200);
      // Nor because it is too old: it waits for days.
      expect(queue.MessageRetentionPeriod, queueName).toBe(4 * day);
    }
  });

  it('failed messages of a batch go back alone, and tasks of scrapers and blobs of pages come one at a time', () => {
    for (const source of eventSourcesOf(stage)) {
      expect(source.FunctionResponseTypes, source.queueName).toEqual(['ReportBatchItemFailures']);
      if (/^scrape-|^ingest-pages$/.test(source.queueName) || (together && source.queueName === 'ingest'))
        expect(source.BatchSize, source.queueName).toBe(1);
    }
  });

  it('a queue is held back by its event source, two or more at once, and never by reserved concurrency', () => {
    for (const source of eventSourcesOf(stage)) {
      expect(source.ScalingConfig?.MaximumConcurrency, source.queueName).toBeGreaterThanOrEqual(2);
    }
    for (const [name, fn] of functionsOf(stage)) expect(fn.ReservedConcurrentExecutions, name).toBeUndefined();
  });

  it('dead letters are kept for 14 days and come from their own queue only', () => {
    const queues = queuesOf(stage);
    for (const [name, queue] of queues) {
      if (name.endsWith('-dead')) {
        expect(queue.MessageRetentionPeriod, name).toBe(14 * day);
        expect(queue.RedriveAllowPolicy?.redrivePermission, name).toBe('byQueue');
        expect(JSON.stringify(queue.RedriveAllowPolicy?.sourceQueueArns), name).toMatch(
          new RegExp(`:quotron-${stage}-${name.replace(/-dead$/, '')}(\\.fifo)?"`),
        );
      } else {
        expect(JSON.stringify(queue.RedrivePolicy?.deadLetterTargetArn), name).toContain(
          queues.get(`${name}-dead`)?.id,
        );
      }
    }
  });

  it('a tick or a heartbeat that failed is not tried again, because the next one covers it', () => {
    const configs = resourcesOf(stage, 'AWS::Lambda::EventInvokeConfig').map(({ resource }) => resource.Properties);
    // schedule, monitor, relay-events, evaluate-alerts, deliver-alerts, yahoo-proxy and, on AWS, canary.
    expect(configs.map((config) => config['MaximumRetryAttempts'])).toEqual(
      Array.from({ length: stage === 'local' ? 6 : 7 }, () => 0),
    );
  });
});

it.each(cloudStages)('what the preflight of a deployment says %s needs is what its event sources may take', (stage) => {
  const most = eventSourcesOf(stage).reduce(
    (sum, { ScalingConfig }) => sum + (ScalingConfig?.MaximumConcurrency ?? 0),
    0,
  );
  const settings = stageSettings(stage, { QUOTRON_ALARM_EMAIL: 'operator@example.com' });
  // Beside them are the clock, the API, the proxy, and `state` for scrapers.
  expect(neededExecutions(settings)).toBe(most + 2);
  // Ten functions read queues, and SQS gives each two at the least.
  if (stage === 'dev') expect(most).toBe(20);
});
