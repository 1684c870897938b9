import { Duration } from 'aws-cdk-lib';
import type { InstanceType } from 'aws-cdk-lib/aws-ec2';
import type { DatabaseInstance } from 'aws-cdk-lib/aws-rds';
import { Construct } from 'constructs';
import type { CloudSettings } from '../stage-settings.ts';
import { type Part, together } from './expressions.ts';
import { RunbookAlarm } from './runbook-alarm.ts';

const mostCpuPercent = 90;
const mostConnections = 0.8;
/** Of a burstable instance: below that its CPU is about to be throttled, or charged. */
const leastCredits = 20;
/** Below that the database swaps. */
const leastMemoryBytes = 80 * 1024 ** 2;
/** Storage grows by itself when a tenth is left, 2 GB at first: with less it did not. */
const leastStorageBytes = 1024 ** 3;

/** The alarms on the database's own metrics. How much it holds of what it may grow to is known to the daily maintenance. */
export class DatabaseAlarms extends Construct {
  constructor(
    scope: Construct,
    id: string,
    {
      settings,
      instance,
      instanceType,
    }: { settings: CloudSettings; instance: DatabaseInstance; instanceType: InstanceType },
  ) {
    super(scope, id);
    const { stage, database } = settings;
    const period = Duration.minutes(5);
    const burstable = instanceType.isBurstable();
    const credits: Part = {
      metric: instance.metric('CPUCreditBalance', { statistic: 'Minimum', period }),
      least: leastCredits,
    };
    new RunbookAlarm(this, 'Short', {
      metric: together(
        'MAX',
        [
          { metric: instance.metricCPUUtilization({ statistic: 'Average', period }), limit: mostCpuPercent },
          {
            metric: instance.metricDatabaseConnections({ statistic: 'Maximum', period }),
            limit: Math.floor(database.maxConnections * mostConnections),
          },
          { metric: instance.metricFreeableMemory({ statistic: 'Minimum', period }), least: leastMemoryBytes },
          ...(burstable ? [credits] : []),
        ],
        period,
      ),
      periods: 3,
      says: `The database (${stage}) has been short of something for a quarter of an hour: CPU, its credits, memory, or connections, of which it has ${database.maxConnections}.`,
      heading: 'Database is short of something',
    });
    new RunbookAlarm(this, 'Storage', {
      metric: instance.metricFreeStorageSpace({ period, statistic: 'Minimum' }),
      threshold: leastStorageBytes,
      below: true,
      periods: 3,
      says: `The database (${stage}) has less than 1 GB of storage left and did not grow; when it is full, nothing can be written.`,
      heading: 'Database storage',
    });
  }
}
