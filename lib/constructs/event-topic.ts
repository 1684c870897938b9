import { CfnOutput, Stack } from 'aws-cdk-lib';
import { Alias } from 'aws-cdk-lib/aws-kms';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { physicalName } from '../names.ts';
import type { StageSettings } from '../stage-settings.ts';
import type { QuotronFunction } from './quotron-function.ts';

/**
 * The topic of events, SNS FIFO: a group for each key, so followers get the events of a key in order. A follower has a FIFO
 * queue on it (docs/consuming-events.md). Output `EventsTopic` is its ARN.
 */
export class EventTopic extends Construct {
  readonly topic: Topic;

  constructor(scope: Construct, id: string, settings: StageSettings) {
    super(scope, id);
    this.topic = new Topic(this, 'Topic', {
      topicName: `${physicalName(settings.stage, 'events')}.fifo`,
      displayName: `Quotron ${settings.stage}: events`,
      fifo: true,
      contentBasedDeduplication: false,
      enforceSSL: true,
      // AWS's own key costs nothing. Emulators have no such alias.
      ...(settings.stage !== 'local' && { masterKey: Alias.fromAliasName(this, 'Key', 'alias/aws/sns') }),
    });
    new CfnOutput(Stack.of(this), 'EventsTopic', { value: this.topic.topicArn });
  }

  /** Lets `fn` publish, and sets the topic's ARN. */
  grantPublish(fn: QuotronFunction): void {
    fn.allow(['sns:Publish'], [this.topic.topicArn]);
    fn.addSetting('eventsTopic', this.topic.topicArn);
  }
}
