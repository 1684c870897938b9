import * as z from 'zod';
import { type Installation, physicalName } from './installation.ts';

/** The topic of events on a stage's Kafka, and the one of what followers could not handle. */
export function kafkaTopics(installation: Installation): { readonly events: string; readonly dead: string } {
  return { events: physicalName(installation, 'events'), dead: physicalName(installation, 'events-dead') };
}

/** Partitions of the topics: as many of a group's followers work at once. Another number would give keys another order. */
export const kafkaPartitions = { events: 6, dead: 1 };

/** For how long events are kept there, and can be read again. */
export const kafkaRetentionMs = 7 * 86_400_000;

/** The consumer group of a follower. */
export function kafkaGroup(installation: Installation, follower: string): string {
  return physicalName(installation, follower);
}

/** Begins the outputs of the local stacks that say which functions follow. */
export const kafkaFollowerOutput = 'KafkaFollower';

/** What such an output says. */
export const kafkaFollowerSchema = z.object({
  name: z.string(),
  function: z.string(),
  /** With their prefix; all without it. */
  types: z.array(z.string()).optional(),
});
