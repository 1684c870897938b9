import { makeEventTopics } from '../../core/adapters/kafka/topics.ts';
import { kafkaConnection } from '../../core/runtime/kafka-settings.ts';
import { logger, observed } from '../../core/runtime/observe.ts';
import { ownInstallation } from '../../core/runtime/settings.ts';

const kafka = kafkaConnection();
const installation = ownInstallation();

/** Makes the topics of events on the stage's Kafka that are not there yet. A deployment invokes it. */
export const handler = observed(async () => {
  const made = await makeEventTopics(kafka, installation);
  logger.info('Topics of events are there', { made });
  return { made };
});
