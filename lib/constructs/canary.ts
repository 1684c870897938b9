import { Duration } from 'aws-cdk-lib';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction as LambdaTarget } from 'aws-cdk-lib/aws-events-targets';
import { Construct } from 'constructs';
import { physicalName } from '../../core/contracts/installation.ts';
import { together } from '../monitoring/expressions.ts';
import { RunbookAlarm, summed } from '../monitoring/runbook-alarm.ts';
import type { CloudSettings } from '../stage-settings.ts';
import type { OperationsSecret } from './operations-secret.ts';
import { QuotronFunction } from './quotron-function.ts';

/** Asks the API from outside, by the address that people use, and is heard when it fails or is silent. */
export class Canary extends Construct {
  constructor(
    scope: Construct,
    id: string,
    { settings, secret, url }: { settings: CloudSettings; secret: OperationsSecret; url: string },
  ) {
    super(scope, id);
    const canary = new QuotronFunction(this, {
      name: 'canary',
      settings,
      network: undefined,
      description: 'Asks the API from outside',
      memoryMb: 256,
    });
    secret.grantRead(canary);
    canary.addSetting('canaryUrl', url);
    const oneTry = { maxEventAge: Duration.minutes(1), retryAttempts: 0 };
    canary.lambda.configureAsyncInvoke(oneTry);
    new Rule(this, 'Asks', {
      ruleName: physicalName(settings, 'canary'),
      description: 'The canary asks the API from outside',
      schedule: Schedule.rate(Duration.minutes(5)),
      targets: [new LambdaTarget(canary.lambda, oneTry)],
    });
    const period = Duration.minutes(15);
    new RunbookAlarm(this, 'Fails', {
      metric: together(
        'MAX',
        [
          // One request that fails in passing is none.
          { metric: summed((options) => canary.lambda.metricErrors(options), period), limit: 2 },
          { metric: summed((options) => canary.lambda.metricInvocations(options), period), least: 1, orSilent: true },
        ],
        period,
      ),
      silenceIsBad: true,
      says: `The API (${settings.stage}) did not answer from outside twice in a quarter of an hour, or nobody asked it.`,
      heading: 'The canary fails',
    });
  }
}
