import { Duration } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import type { QuotronFunction } from '../constructs/quotron-function.ts';
import { together } from './expressions.ts';
import { RunbookAlarm, summed } from './runbook-alarm.ts';

/** An alarm on the errors of several functions, which a stage's users notice in the same way. */
export class FunctionErrors extends Construct {
  constructor(
    scope: Construct,
    id: string,
    { stage, functions }: { stage: string; functions: readonly QuotronFunction[] },
  ) {
    super(scope, id);
    const period = Duration.minutes(5);
    new RunbookAlarm(this, 'Errors', {
      metric: together(
        'SUM',
        functions.map((fn) => ({ metric: summed((options) => fn.lambda.metricErrors(options), period) })),
        period,
      ),
      // Data of an expression may come a little late.
      periods: 2,
      bad: 1,
      says: `One of ${functions.map(({ name }) => name).join(', ')} (${stage}) ended with an error or ran out of time.`,
      heading: 'Function errors',
    });
  }
}
