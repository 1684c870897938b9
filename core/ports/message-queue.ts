/** Queues by name: `ingest`, `ingest-pages`, `outcomes`, `ticks`, `scrape-<source>`. At least once; order is not kept. */
export interface MessageQueue {
  /**
   * Sends all of them, in as few calls as the transport allows; they show after `delaySeconds` (0 to 900). Throws when
   * any was not taken.
   */
  send(queue: string, messages: readonly unknown[], delaySeconds?: number): Promise<void>;
}
