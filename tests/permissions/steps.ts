/** What scenarios are made of. */
import { createHash, randomUUID } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import * as z from 'zod';
import type { FunctionName } from '../../core/contracts/functions.ts';
import { outcomeMessageSchema, scrapeMessageSchema } from '../../core/contracts/messages.ts';
import { ingestQueueName, scrapeQueueName } from '../../core/contracts/queues.ts';
import { catalogue, knownSource } from '../../core/sources/catalogue.ts';
import { type Bench, Broken } from './bench.ts';

export interface Scenario {
  readonly fn: FunctionName;
  /** The permissions that it needs, in words. */
  readonly needs: readonly string[];
  run(bench: Bench): Promise<void>;
}

export const send = (queue: string) => `sqs:SendMessage on ${queue}`;
export const now = () => new Date().toISOString();
const planned = z.object({ runs: z.array(z.uuid()) });
export const sources = catalogue.map(({ id }) => id);
export const scraperOf = (sourceId: string): FunctionName =>
  knownSource(sourceId).kind === 'browser' ? 'scrape-browser' : 'scrape-api';

/** Plans a run of the first job of a source, and takes its first task from the queue. What scenarios left is out of its way. */
export async function task(bench: Bench, sourceId: string): Promise<string> {
  await bench.pool.query('DELETE FROM permit');
  await bench.pool.query('UPDATE task SET lease_until = now() WHERE finished_at IS NULL AND lease_until > now()');
  await bench.pool.query('UPDATE lease SET expires_at = now() WHERE expires_at > now()');
  await bench.pool.query(
    `UPDATE source_state SET held_until = NULL, budget_until = NULL, breaker = 'closed', breaker_failures = 0`,
  );
  const run = { sourceId, job: knownSource(sourceId).jobs[0]?.id, trigger: 'manual', requestId: randomUUID() };
  const { runs } = planned.parse(await bench.invoke('schedule', { time: now(), run }));
  const tasks = (await bench.take(scrapeQueueName(sourceId))).map((body) => ({
    body,
    of: scrapeMessageSchema.parse(JSON.parse(body)).runId,
  }));
  // Of an earlier run, a task may come back that had to wait.
  const own = tasks.find(({ of }) => runs.includes(of));
  if (own === undefined) throw new Broken(`schedule sent no task of ${sourceId}`);
  return own.body;
}

/** One task, done: its run and its outcome. */
export async function scraped(bench: Bench, sourceId: string) {
  const message = await task(bench, sourceId);
  await bench.handOver(scraperOf(sourceId), scrapeQueueName(sourceId), [message]);
  const { runId } = scrapeMessageSchema.parse(JSON.parse(message));
  const outcome = outcomeMessageSchema.parse(JSON.parse(await bench.oneOf('outcomes', runId)));
  return { runId, outcome };
}

/** One task that fetched an answer: its run, and the message for `ingest`. */
export async function scrapedWell(bench: Bench, sourceId: string) {
  const { runId, outcome } = await scraped(bench, sourceId);
  if (outcome.stage !== 'scrape' || !outcome.ok)
    throw new Broken(`a task of ${sourceId} failed: ${JSON.stringify(outcome)}`);
  const blob = await bench.oneOf(ingestQueueName(knownSource(sourceId).kind), runId);
  return { runId, blob };
}

/** With nothing kept: neither in memory, nor sessions. */
export async function scrapedAnew(bench: Bench, sourceId: string): Promise<void> {
  await bench.restart(scraperOf(sourceId));
  await bench.pool.query('DELETE FROM auth_session');
  await scrapedWell(bench, sourceId);
}

/** A message whose database is away goes back to its own queue. */
export const held = (
  fn: FunctionName,
  away: FunctionName,
  queue: string,
  message: (bench: Bench) => Promise<string>,
): Scenario => ({
  fn,
  needs: [send(queue)],
  async run(bench) {
    const body = await message(bench);
    await bench.withoutDatabase(away, () => bench.handOver(fn, queue, [body]));
  },
});

export const dayMs = 86_400_000;

/** A recovery of a source that has just been asked for. */
export async function recovery(bench: Bench, sourceId: string): Promise<string> {
  await bench.pool.query(
    `UPDATE recovery SET status = 'failed', finished_at = now(), started_at = coalesce(started_at, now()) WHERE finished_at IS NULL`,
  );
  const { text } = await bench.ask(`/sources/${sourceId}/recover`, { method: 'POST', body: {} });
  await bench.take('recoveries');
  return z.object({ data: z.object({ id: z.uuid() }) }).parse(JSON.parse(text)).data.id;
}

export const oneOfKind = { api: 'coingecko', browser: 'slickcharts' } as const;

/** A part of an import, uploaded by a link of the API. */
export async function uploaded(bench: Bench): Promise<{ id: string; key: string }> {
  const opened = await bench.ask('/imports', { method: 'POST', body: { kind: 'bars', licence: 'internal' } });
  const { id } = z.object({ data: z.object({ id: z.uuid() }) }).parse(JSON.parse(opened.text)).data;
  const part = gzipSync('{}');
  const body = { bytes: part.length, sha256: createHash('sha256').update(part).digest('base64') };
  const { text } = await bench.ask(`/imports/${id}/parts/0`, { method: 'PUT', body });
  const link = z
    .object({ data: z.object({ url: z.url(), headers: z.record(z.string(), z.string()) }) })
    .parse(JSON.parse(text)).data;
  const answer = await fetch(link.url, { method: 'PUT', headers: link.headers, body: part });
  if (!answer.ok) throw new Broken(`the link took no upload: ${answer.status}`);
  return { id, key: new URL(link.url).pathname.split('/').slice(2).join('/') };
}
