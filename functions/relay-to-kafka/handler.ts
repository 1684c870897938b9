import { kafkaEventTransport } from '../../core/adapters/kafka/event-transport.ts';
import { createPool } from '../../core/adapters/postgres/database/pool.ts';
import { timeLimits } from '../../core/adapters/postgres/database/time-limits.ts';
import { postgresRelayState } from '../../core/adapters/postgres/events/relay-state.ts';
import { kafkaConnection } from '../../core/runtime/kafka-settings.ts';
import { relayHandler } from '../../core/runtime/relay-handler.ts';
import { databaseSettings, setting } from '../../core/runtime/settings.ts';

const pool = createPool(databaseSettings(), 1, timeLimits('relay-to-kafka'));
const transport = kafkaEventTransport(kafkaConnection(), setting('kafkaTopic'));

/** Publishes the events of the outbox on the topic of Kafka, inside the VPC. */
export const handler = relayHandler(postgresRelayState(pool), transport);
