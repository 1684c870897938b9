import type { Duration } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, type IMetric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';

export interface RunbookAlarmProps {
  readonly metric: IMetric;
  /** What happened and what it means, in one sentence. */
  readonly says: string;
  /** The heading in docs/runbook.md that says what to do. */
  readonly heading: string;
  /** Alarms when the metric is at least this, or with `below` less than this. Default 1. */
  readonly threshold?: number;
  readonly below?: boolean;
  /** How many periods are looked at, and how many of them have to be bad: all unless `bad` is given. Default 1. */
  readonly periods?: number;
  readonly bad?: number;
  /** Missing data raises the alarm too. */
  readonly silenceIsBad?: boolean;
}

/** An alarm whose description ends in its runbook heading. An aspect refuses alarms made without this construct. */
export class RunbookAlarm extends Construct {
  readonly alarm: Alarm;

  constructor(scope: Construct, id: string, props: RunbookAlarmProps) {
    super(scope, id);
    this.alarm = new Alarm(this, 'Alarm', {
      metric: props.metric,
      threshold: props.threshold ?? 1,
      evaluationPeriods: props.periods ?? 1,
      ...(props.bad !== undefined && { datapointsToAlarm: props.bad }),
      comparisonOperator: props.below
        ? ComparisonOperator.LESS_THAN_THRESHOLD
        : ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: props.silenceIsBad ? TreatMissingData.BREACHING : TreatMissingData.NOT_BREACHING,
      alarmDescription: `${props.says} What to do: docs/runbook.md#${headingAnchor(props.heading)}`,
    });
  }
}

/** The anchor that GitHub gives a Markdown heading: lower case, punctuation dropped, spaces to hyphens. */
export function headingAnchor(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(' ', '-');
}

/** The sum of a metric over `period`. */
export function summed(metric: (props: { statistic: string; period: Duration }) => IMetric, period: Duration): IMetric {
  return metric({ statistic: 'Sum', period });
}
