import { Duration } from 'aws-cdk-lib';
import { Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import {
  alertChannelsDisabled,
  calendarDaysLeft,
  databaseBytes,
  eventsLag,
  nearTimeout,
  rowsInDefaultPartition,
  sourceFailing,
  sourcesFlapping,
  sourcesLimited,
} from '../../core/contracts/metrics.ts';
import { calendarNoticeDays } from '../../core/market/calendar.ts';
import type { SourceDefinition } from '../../core/sources/definition.ts';
import type { QuotronFunction } from '../constructs/quotron-function.ts';
import type { QuotronQueue } from '../constructs/quotron-queue.ts';
import { pascalCase } from '../names.ts';
import type { CloudSettings } from '../stage-settings.ts';
import { together } from './expressions.ts';
import { FunctionErrors } from './function-errors.ts';
import { ownMetric } from './own-metric.ts';
import { QueueAlarms } from './queue-alarms.ts';
import { RunbookAlarm, summed } from './runbook-alarm.ts';

export interface PipelineAlarmsProps {
  readonly settings: CloudSettings;
  readonly sources: readonly SourceDefinition[];
  /** By what stops when they fail. */
  readonly collecting: readonly QuotronFunction[];
  readonly keeping: readonly QuotronFunction[];
  readonly scrapeQueues: readonly QuotronQueue[];
  readonly otherQueues: readonly QuotronQueue[];
  /** Started by a rule each minute. */
  readonly ticking: readonly QuotronFunction[];
  readonly maintain: QuotronFunction;
}

/** A source fails when it did in all minutes of a quarter of an hour; one tick may be missing. */
const failingMinutes = 14;
/**
 * The alarm on limited sources: so many limited minutes in each of so many hours in a row. A shorter limit passes by
 * itself.
 */
const limitedMinutes = 45;
const limitedHours = 6;
/** Minutes of an hour in which a source flaps: it is written only after hours. */
const flappingMinutes = 30;
/** Seconds for which an event has waited. */
const eventsLagSeconds = 600;
/** Throttled invocations in five minutes that are more than a burst. */
const throttledBurst = 3;
const fiveMinutes = Duration.minutes(5);
/** Data of an expression may come a little late: two periods are looked at, and one bad one is enough. */
const oneOfTwo = { periods: 2, bad: 1 } as const;

/** The alarms on what collects prices and keeps them. */
export class PipelineAlarms extends Construct {
  private readonly stage: string;
  private readonly prefix: string;

  constructor(scope: Construct, id: string, props: PipelineAlarmsProps) {
    super(scope, id);
    this.stage = props.settings.stage;
    this.prefix = props.settings.prefix;
    new FunctionErrors(this, 'CollectingFails', { stage: this.stage, functions: props.collecting });
    new FunctionErrors(this, 'KeepingFails', { stage: this.stage, functions: props.keeping });
    const { scrapeQueues, otherQueues } = props;
    new QueueAlarms(this, 'Scrape', {
      stage: this.stage,
      queues: scrapeQueues,
      heading: 'Dead letters: scrape queues',
    });
    new QueueAlarms(this, 'Others', { stage: this.stage, queues: otherQueues, heading: 'Dead letters' });
    this.ticks(props);
    this.events();
    this.sources(props.sources);
    this.maintenance(props);
    this.limits(props.settings);
  }

  private ticks({ ticking, maintain }: PipelineAlarmsProps): void {
    new RunbookAlarm(this, 'NoTicks', {
      metric: together(
        'MIN',
        ticking.map((fn) => ({ metric: summed((options) => fn.lambda.metricInvocations(options), fiveMinutes) })),
        fiveMinutes,
      ),
      below: true,
      periods: 2,
      silenceIsBad: true,
      says: `${names(ticking)} (${this.stage}): one has not run for ten minutes; their rule fires every minute.`,
      heading: 'No ticks',
    });
    new RunbookAlarm(this, 'NotMaintained', {
      metric: summed((options) => maintain.lambda.metricInvocations(options), Duration.days(1)),
      below: true,
      periods: 2,
      silenceIsBad: true,
      says: `${maintain.name} (${this.stage}) has not run for two days; its rule fires every day.`,
      heading: 'Not maintained',
    });
  }

  private events(): void {
    new RunbookAlarm(this, 'EventsLag', {
      metric: this.own(eventsLag, 'Maximum', fiveMinutes),
      threshold: eventsLagSeconds,
      says: `Events (${this.stage}) have waited for more than ${eventsLagSeconds / 60} minutes: who follows them hears nothing.`,
      heading: 'Events are not published',
    });
    new RunbookAlarm(this, 'AlertChannels', {
      metric: this.own(alertChannelsDisabled, 'Sum', fiveMinutes),
      says: `Nothing is sent to a channel of alerts (${this.stage}) any more: it has failed for five days, or is gone.`,
      heading: 'A channel of alerts was switched off',
    });
  }

  private sources(sources: readonly SourceDefinition[]): void {
    // One each: a source that fails for days would hide that another one fails.
    for (const source of sources)
      new RunbookAlarm(this, `${pascalCase(source.id)}Fails`, {
        metric: this.own(sourceFailing, 'SampleCount', Duration.minutes(15), { source: source.id }),
        threshold: failingMinutes,
        says: `${source.title} (${this.stage}) has failed for a quarter of an hour: its prices grow old.`,
        heading: 'A source fails',
      });
    new RunbookAlarm(this, 'SourcesLimited', {
      metric: this.own(sourcesLimited, 'SampleCount', Duration.hours(1)),
      threshold: limitedMinutes,
      periods: limitedHours,
      says: `A source (${this.stage}) has been at its limit for ${limitedHours} hours: its prices grow old.`,
      heading: 'A source stays limited',
    });
    new RunbookAlarm(this, 'SourcesFlap', {
      metric: this.own(sourcesFlapping, 'SampleCount', Duration.hours(1)),
      threshold: flappingMinutes,
      says: `A source (${this.stage}) has failed and recovered again and again for hours: its prices have holes.`,
      heading: 'A source flaps',
    });
  }

  private maintenance({ settings }: PipelineAlarmsProps): void {
    const day = Duration.days(1);
    new RunbookAlarm(this, 'MaintenanceFinds', {
      metric: together(
        'MAX',
        [
          { metric: this.own(rowsInDefaultPartition, 'Maximum', day) },
          { metric: this.own(calendarDaysLeft, 'Minimum', day), least: calendarNoticeDays },
          { metric: this.own(databaseBytes, 'Maximum', day), limit: settings.database.maxStorageGb * 0.85 * 1024 ** 3 },
        ],
        day,
      ),
      says: `Maintenance (${this.stage}) found quotes in the default partition, calendars that end within ${calendarNoticeDays} days, or a database near ${settings.database.maxStorageGb} GB, the most that its storage may grow to.`,
      heading: 'Maintenance finds something',
    });
  }

  private limits({ accountConcurrency }: CloudSettings): void {
    const ofAccount = (metricName: string, statistic: string) =>
      new Metric({ namespace: 'AWS/Lambda', metricName, statistic, period: fiveMinutes });
    new RunbookAlarm(this, 'LambdaLimits', {
      metric: together(
        'MAX',
        [
          { metric: ofAccount('Throttles', 'Sum'), limit: throttledBurst },
          { metric: ofAccount('ConcurrentExecutions', 'Maximum'), limit: accountConcurrency * 0.9 },
          { metric: this.own(nearTimeout, 'Sum', fiveMinutes) },
        ],
        fiveMinutes,
      ),
      ...oneOfTwo,
      says: `Lambda refused invocations in this account, runs nearly all of the ${accountConcurrency} at once that it may, or a function (${this.stage}) nearly ran out of time.`,
      heading: 'Lambda at its limits',
    });
  }

  /** A metric of Quotron's own. */
  private own(metricName: string, statistic: string, period: Duration, more: Readonly<Record<string, string>> = {}) {
    return ownMetric({ prefix: this.prefix, stage: this.stage }, metricName, { statistic, period, more });
  }
}

function names(of: readonly { readonly name: string }[]): string {
  return of.map(({ name }) => name).join(', ');
}
