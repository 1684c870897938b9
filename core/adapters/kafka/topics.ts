import { Admin } from '@platformatic/kafka';
import type { Installation } from '../../contracts/installation.ts';
import { kafkaPartitions, kafkaRetentionMs, kafkaTopics } from '../../contracts/kafka.ts';
import type { KafkaConnection } from '../../runtime/kafka-settings.ts';
import { clientOptions } from './client-options.ts';

/** The topic of a stage's events, and that of what followers could not handle, where they are not there yet. Gives those that it made. */
export function makeEventTopics(connection: KafkaConnection, of: Installation): Promise<string[]> {
  const { events, dead } = kafkaTopics(of);
  // Copies as the cluster has them by itself.
  const settings = { replicas: -1, retentionMs: kafkaRetentionMs };
  return makeTopics(connection, {
    [events]: { ...settings, partitions: kafkaPartitions.events },
    [dead]: { ...settings, partitions: kafkaPartitions.dead },
  });
}

export interface TopicSettings {
  /** Followers of a group that can work at once. It cannot be changed later without another order of keys. */
  readonly partitions: number;
  /** Copies of each partition. -1 is what the cluster has as its own. */
  readonly replicas: number;
  /** For how long events are kept, and can be read again. */
  readonly retentionMs: number;
}

/** Makes the topics that are not there yet, and gives their names. Those that are there stay as they are. */
export async function makeTopics(
  connection: KafkaConnection,
  topics: Readonly<Record<string, TopicSettings>>,
): Promise<string[]> {
  const admin = new Admin({ ...clientOptions(connection, 'quotron-topics'), retries: 5 });
  try {
    const there = new Set(await admin.listTopics());
    const missing = Object.entries(topics).filter(([name]) => !there.has(name));
    const made: string[] = [];
    for (const [name, { partitions, replicas, retentionMs }] of missing)
      await admin
        .createTopics({
          topics: [name],
          ...{ partitions, replicas },
          configs: [{ name: 'retention.ms', value: String(retentionMs) }],
        })
        .then(
          () => made.push(name),
          (error: unknown) => {
            // Another deployment was faster, or the broker had not yet listed it.
            if (!alreadyThere(error)) throw error;
          },
        );
    return made;
  } finally {
    await admin.close();
  }
}

function alreadyThere(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if ('apiId' in error && error.apiId === 'TOPIC_ALREADY_EXISTS') return true;
  const inside: unknown[] = error instanceof AggregateError ? error.errors : [];
  return inside.some(alreadyThere) || alreadyThere(error.cause);
}
