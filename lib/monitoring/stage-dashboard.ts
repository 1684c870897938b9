import { Duration } from 'aws-cdk-lib';
import type { RestApi } from 'aws-cdk-lib/aws-apigateway';
import { Dashboard, GraphWidget, type IMetric, Metric, PeriodOverride } from 'aws-cdk-lib/aws-cloudwatch';
import type { DatabaseInstance } from 'aws-cdk-lib/aws-rds';
import { Construct } from 'constructs';
import { type FunctionName, functionNames, optionalFunctions } from '../../core/contracts/functions.ts';
import { type Installation, physicalName } from '../../core/contracts/installation.ts';
import { ownMetric } from './own-metric.ts';

export interface StageDashboardProps {
  readonly installation: Installation;
  readonly queues: readonly { readonly name: string }[];
  readonly database: DatabaseInstance;
  readonly restApi: RestApi;
}

const period = Duration.minutes(5);

/** What the alarms watch, as graphs of CloudWatch. Three dollars a month, so a stage has it only where it asks for it. */
export class StageDashboard extends Construct {
  constructor(scope: Construct, id: string, { installation, queues, database, restApi }: StageDashboardProps) {
    super(scope, id);
    const functions = functionNames.filter((name) => !optionalFunctions.includes(name));
    const ofFunctions = (metricName: string, statistic: string) =>
      functions.map((name) => functionMetric(installation, name, metricName, statistic));
    const ofQueues = (metricName: string, suffix = '') =>
      queues.map(
        ({ name }) =>
          new Metric({
            namespace: 'AWS/SQS',
            metricName,
            dimensionsMap: { QueueName: `${physicalName(installation, name)}${suffix}` },
            statistic: 'Maximum',
            period,
            label: name,
          }),
      );
    const own = (metricName: string) => ownMetric(installation, metricName, { statistic: 'Sum', period });
    const rows: readonly (readonly [string, readonly IMetric[]])[][] = [
      [
        ['Rows', [own('RowsAccepted'), own('RowsQuarantined')]],
        ['Messages that wait (seconds)', ofQueues('ApproximateAgeOfOldestMessage')],
        ['Dead letters', ofQueues('ApproximateNumberOfMessagesVisible', '-dead')],
      ],
      [
        ['Errors of functions', ofFunctions('Errors', 'Sum')],
        ['Duration of functions (ms, p95)', ofFunctions('Duration', 'p95')],
        [
          'API',
          [
            restApi.metricCount({ period }),
            restApi.metricClientError({ period }),
            restApi.metricServerError({ period }),
          ],
        ],
      ],
      [
        [
          'Latency of the API (ms)',
          [restApi.metricLatency({ statistic: 'p50', period }), restApi.metricLatency({ statistic: 'p95', period })],
        ],
        ['CPU of the database (percent)', [database.metricCPUUtilization({ period })]],
        ['Connections', [database.metricDatabaseConnections({ statistic: 'Maximum', period })]],
      ],
      [
        ['Free memory', [database.metricFreeableMemory({ statistic: 'Minimum', period })]],
        ['Free storage', [database.metricFreeStorageSpace({ statistic: 'Minimum', period })]],
        ['CPU credits', [database.metric('CPUCreditBalance', { statistic: 'Minimum', period })]],
      ],
    ];
    new Dashboard(this, 'Dashboard', {
      dashboardName: physicalName(installation, 'overview'),
      periodOverride: PeriodOverride.AUTO,
      widgets: rows.map((row) => row.map(([title, left]) => new GraphWidget({ title, left: [...left], width: 8 }))),
    });
  }
}

function functionMetric(installation: Installation, name: FunctionName, metricName: string, statistic: string): Metric {
  return new Metric({
    namespace: 'AWS/Lambda',
    metricName,
    dimensionsMap: { FunctionName: physicalName(installation, name) },
    statistic,
    period,
    label: name,
  });
}
