import { scrapeQueueName } from '../contracts/queues.ts';
import { mapSetting } from './settings.ts';

/** The URLs of the scrape queues of all sources, by the queue's name. */
export function scrapeQueueUrls(): Record<string, string> {
  const urls = Object.entries(mapSetting('scrapeQueueUrls'));
  return Object.fromEntries(urls.map(([sourceId, url]) => [scrapeQueueName(sourceId), url]));
}
