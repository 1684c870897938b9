import { Duration } from 'aws-cdk-lib';
import type { IMetric } from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import type { QuotronFunction } from '../constructs/quotron-function.ts';
import { together } from './expressions.ts';
import { RunbookAlarm, summed } from './runbook-alarm.ts';

/** What goes wrong without an error of the function: how often, and what it is called. */
interface Also {
  count(period: Duration): IMetric;
  readonly says: string;
}

/** An alarm on the errors of several functions, which a stage's users notice in the same way. */
export class FunctionErrors extends Construct {
  constructor(
    scope: Construct,
    id: string,
    { stage, functions, also }: { stage: string; functions: readonly QuotronFunction[]; also?: Also | undefined },
  ) {
    super(scope, id);
    const period = Duration.minutes(5);
    new RunbookAlarm(this, 'Errors', {
      metric: together(
        'SUM',
        [
          ...functions.map((fn) => summed((options) => fn.lambda.metricErrors(options), period)),
          ...(also ? [also.count(period)] : []),
        ].map((metric) => ({ metric })),
        period,
      ),
      // Data of an expression may come a little late.
      periods: 2,
      bad: 1,
      says: `One of ${functions.map(({ name }) => name).join(', ')} (${stage}) ended with an error or ran out of time${also ? `, or ${also.says}` : ''}.`,
      heading: 'Function errors',
    });
  }
}
