import * as z from 'zod';

/** The topic of events on a stage's Kafka, and the one of what followers could not handle. */
export function kafkaTopics(stage: string): { readonly events: string; readonly dead: string } {
  return { events: `quotron-${stage}-events`, dead: `quotron-${stage}-events-dead` };
}

/** Partitions of the topic: as many of a group's followers work at once. Another number would give keys another order. */
export const kafkaPartitions = 6;

/** For how long events are kept there, and can be read again. */
export const kafkaRetentionMs = 7 * 86_400_000;

/** The consumer group of a follower. */
export function kafkaGroup(stage: string, follower: string): string {
  return `quotron-${stage}-${follower}`;
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
