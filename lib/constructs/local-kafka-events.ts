import { CfnOutput, Stack } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { typePrefix } from '../../core/contracts/events/cloud-event.ts';
import { kafkaFollowerOutput } from '../../core/contracts/kafka.ts';
import { settingNames } from '../../core/contracts/settings.ts';
import { pascalCase } from '../names.ts';
import type { EventStream, FollowOptions } from './event-topic.ts';
import type { QuotronFunction } from './quotron-function.ts';

const kafkaSettings = [
  ...(['kafkaBrokers', 'kafkaTopic', 'kafkaSecurityProtocol', 'kafkaCaFile'] as const),
  ...(['kafkaSaslMechanism', 'kafkaSaslUsername', 'kafkaSaslPassword'] as const),
];

/**
 * Events on a Kafka beside the local cloud. Emulators have no event sources of Kafka: an output names each follower, and a
 * poller (localstack/kafka/poller.ts) invokes it.
 */
export class LocalKafkaEvents extends Construct implements EventStream {
  readonly kafkaTopic: string | undefined;
  private readonly kafka: Readonly<Record<string, string>>;

  constructor(scope: Construct, id: string, kafka: Readonly<Record<string, string>>) {
    super(scope, id);
    this.kafka = kafka;
    this.kafkaTopic = kafka[settingNames.kafkaTopic];
  }

  grantPublish(fn: QuotronFunction): void {
    for (const name of kafkaSettings) {
      const value = this.kafka[settingNames[name]];
      if (value !== undefined) fn.addSetting(name, value);
    }
  }

  follow(fn: QuotronFunction, { name, types }: FollowOptions): undefined {
    new CfnOutput(Stack.of(fn), `${kafkaFollowerOutput}${pascalCase(name)}`, {
      value: Stack.of(fn).toJsonString({
        ...{ name, function: fn.name },
        ...(types && { types: types.map((type) => `${typePrefix}${type}`) }),
      }),
    });
  }
}
