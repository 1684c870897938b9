import type { IAspect } from 'aws-cdk-lib';
import { CfnAlarm } from 'aws-cdk-lib/aws-cloudwatch';
import type { Topic } from 'aws-cdk-lib/aws-sns';
import type { IConstruct } from 'constructs';

/** Has every alarm tell a topic when it goes off, and when it is over. */
export class AlarmsReachPeople implements IAspect {
  private readonly topic: Topic;

  constructor(topic: Topic) {
    this.topic = topic;
  }

  visit(node: IConstruct): void {
    if (!(node instanceof CfnAlarm)) return;
    node.alarmActions = [this.topic.topicArn];
    node.okActions = [this.topic.topicArn];
  }
}
