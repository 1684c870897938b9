/**
 * A container of `scrape-api` as a process that can be killed or stopped: messages come in as lines of JSON, and what it
 * sends goes out as lines `{queue, messages}`; `{done}` ends each message. Its blobs lie in a folder. One that is told to
 * dies as soon as it has kept a blob.
 */
import { createInterface } from 'node:readline';
import { httpUpstream } from '../../core/adapters/http/upstream.ts';
import { createPool } from '../../core/adapters/postgres/database/pool.ts';
import { postgresState } from '../../core/adapters/postgres/work/state.ts';
import { scrapeMessageSchema } from '../../core/contracts/messages.ts';
import type { RawStore } from '../../core/ports/raw-store.ts';
import { openSource } from '../../core/scraping/open-source.ts';
import { scrapeTask } from '../../core/scraping/scrape-task.ts';
import { folderRawStore } from './folder-raw-store.ts';

const [databaseUrl = '', folder = '', sourceUrl = '', name = '', dies = ''] = process.argv.slice(2);
const pool = createPool({ url: databaseUrl }, 1);
const state = postgresState(pool);
const say = (line: unknown) => process.stdout.write(`${JSON.stringify(line)}\n`);
const kept = folderRawStore(folder);
const blobs: RawStore = {
  ...kept,
  async put(key, envelope) {
    await kept.put(key, envelope);
    if (dies === 'after keeping a blob') process.kill(process.pid, 'SIGKILL');
  },
};
const queue = { send: async (to: string, messages: readonly unknown[]) => void say({ queue: to, messages }) };

for await (const line of createInterface({ input: process.stdin })) {
  const task = scrapeMessageSchema.parse(JSON.parse(line));
  const source = await openSource(task.sourceId, {
    state,
    sourceUrls: { [task.sourceId]: sourceUrl },
    sessionSecret: async () => 'the secret of this test',
    upstream: httpUpstream,
    now: Date.now,
    wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  });
  await scrapeTask(task, { source, state, blobs, queue, now: Date.now, worker: name });
  say({ done: true });
}
await pool.end();
