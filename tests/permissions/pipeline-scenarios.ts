import { randomUUID } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import * as z from 'zod';
import { needsCredentials } from '../../core/auth/credentials.ts';
import { scrapeMessageSchema } from '../../core/contracts/messages.ts';
import { ingestQueueName, scrapeQueueName } from '../../core/contracts/queues.ts';
import { catalogue } from '../../core/sources/catalogue.ts';
import { Broken } from './bench.ts';
import {
  dayMs,
  held,
  now,
  oneOfKind,
  recovery,
  type Scenario,
  scraped,
  scrapedAnew,
  scrapedWell,
  scraperOf,
  send,
  sources,
  task,
  uploaded,
} from './steps.ts';

/** Of the functions between tick and row. */
export const pipelineScenarios: readonly Scenario[] = [
  ...sources.map(
    (id): Scenario => ({
      fn: 'schedule',
      needs: [send(scrapeQueueName(id))],
      run: async (bench) => {
        await task(bench, id);
      },
    }),
  ),
  held('schedule', 'schedule', 'ticks', async () => JSON.stringify({ time: now() })),

  ...(['api', 'browser'] as const).map(
    (kind): Scenario => ({
      fn: kind === 'api' ? 'scrape-api' : 'scrape-browser',
      needs: ['s3:PutObject on raw/*', 'lambda:InvokeFunction on state', send(ingestQueueName(kind)), send('outcomes')],
      run: async (bench) => {
        await scrapedWell(bench, oneOfKind[kind]);
      },
    }),
  ),
  ...catalogue.filter(needsCredentials).map(
    ({ id, kind }): Scenario => ({
      fn: scraperOf(id),
      needs: [
        `secretsmanager:GetSecretValue on credentials of ${id}`,
        `secretsmanager:GetSecretValue on session key (${kind})`,
      ],
      run: (bench) => scrapedAnew(bench, id),
    }),
  ),
  ...sources.map(
    (id): Scenario => ({
      fn: scraperOf(id),
      needs: [send(scrapeQueueName(id))],
      async run(bench) {
        const message = await task(bench, id);
        // The source is on hold, so the task waits.
        await bench.pool.query(
          `INSERT INTO source_state (source_id, held_until) VALUES ($1, now() + interval '5 minutes')
           ON CONFLICT (source_id) DO UPDATE SET held_until = excluded.held_until`,
          [id],
        );
        await bench.handOver(scraperOf(id), scrapeQueueName(id), [message]);
        const { runId } = scrapeMessageSchema.parse(JSON.parse(message));
        if ((await bench.take('outcomes')).some((body) => body.includes(runId)))
          throw new Broken(`${id} was asked while it was on hold`);
      },
    }),
  ),
  {
    fn: 'scrape-browser',
    needs: ['s3:PutObject on artifacts/*'],
    async run(bench) {
      await bench.fault('slickcharts', 'drift', true);
      try {
        const { outcome } = await scraped(bench, 'slickcharts');
        await bench.take(ingestQueueName('browser'));
        if (outcome.stage !== 'scrape' || !outcome.artifacts?.length)
          throw new Broken(`a failed page left no artifact: ${JSON.stringify(outcome)}`);
      } finally {
        await bench.fault('slickcharts', 'drift', false);
      }
    },
  },

  {
    fn: 'ingest',
    needs: ['s3:GetObject on raw/*', send('outcomes'), send('events')],
    async run(bench) {
      const { blob, runId } = await scrapedWell(bench, oneOfKind.api);
      // The monitor hears at once of failures and trials only.
      await bench.pool.query('UPDATE task SET trial = true WHERE run_id = $1', [runId]);
      await bench.take('events');
      await bench.handOver('ingest', ingestQueueName('api'), [blob]);
      await bench.oneOf('outcomes', runId);
      // It wakes the relay a second later.
      await bench.soon('a message for the relay', async () => (await bench.take('events')).length > 0);
    },
  },
  ...(['api', 'browser'] as const).map((kind) =>
    held('ingest', 'ingest', ingestQueueName(kind), async (bench) => (await scrapedWell(bench, oneOfKind[kind])).blob),
  ),

  ...(['api', 'browser'] as const).map(
    (kind): Scenario => ({
      fn: 'monitor',
      needs: ['s3:ListBucket on the bucket', send(ingestQueueName(kind))],
      async run(bench) {
        // Its worker has died after it stored the answer.
        const { runId } = await scrapedWell(bench, oneOfKind[kind]);
        await bench.pool.query(
          `UPDATE task_attempt SET started_at = now() - interval '17 minutes', finished_at = NULL, blob_key = NULL WHERE run_id = $1`,
          [runId],
        );
        await bench.invoke('monitor', { time: now() });
        await bench.oneOf(ingestQueueName(kind), runId);
      },
    }),
  ),
  {
    fn: 'monitor',
    needs: ['s3:GetObject on raw/*'],
    async run(bench) {
      // A blob of a day gone by, whose run the database does not know.
      const createdAt = new Date(Date.now() - 2 * dayMs).toISOString();
      const of = {
        sourceId: 'coingecko',
        runId: randomUUID(),
        part: 0,
        attempt: 1,
        job: 'quotes',
        kind: 'quotes',
        createdAt,
      };
      const key = `raw/${of.sourceId}/${createdAt.slice(0, 10)}/${of.runId}/0-1.json.gz`;
      await bench.put(key, gzipSync(JSON.stringify({ version: 1, ...of, exchanges: [] })));
      // All other days are done.
      await bench.pool.query(
        `INSERT INTO blob_comparison (source_id, after_days, day)
         SELECT source_id, after_days, current_date + 1 FROM unnest($1::text[]) source_id, unnest('{2,16}'::int[]) after_days
         ON CONFLICT (source_id, after_days) DO UPDATE SET day = excluded.day, last_key = NULL`,
        [sources],
      );
      await bench.pool.query('UPDATE blob_comparison SET day = $2 WHERE source_id = $1 AND after_days = 2', [
        of.sourceId,
        createdAt.slice(0, 10),
      ]);
      await bench.invoke('monitor', { time: now() });
      await bench.oneOf(ingestQueueName('api'), of.runId);
    },
  },
  {
    fn: 'monitor',
    needs: [send('recoveries')],
    async run(bench) {
      const id = await recovery(bench, 'coingecko');
      await bench.invoke('monitor', { time: now() });
      await bench.oneOf('recoveries', id);
    },
  },
  held('monitor', 'monitor', 'outcomes', async () =>
    JSON.stringify({
      ...{ stage: 'scrape', runId: randomUUID(), part: 0, attempt: 1, sourceId: 'coingecko', ok: true },
      ...{
        reason: null,
        message: null,
        blobKey: null,
        requests: 1,
        latencyMs: 1,
        retryAfterSeconds: null,
        finishedAt: now(),
      },
    }),
  ),

  ...sources.map(
    (id): Scenario => ({
      fn: 'recover',
      needs: [send(scrapeQueueName(id))],
      async run(bench) {
        const message = JSON.stringify({ recoveryId: await recovery(bench, id) });
        for (let step = 0; step < 8; step++) {
          await bench.handOver('recover', 'recoveries', [message]);
          if ((await bench.take(scrapeQueueName(id))).length > 0) return;
        }
        throw new Broken(`the recovery of ${id} sent no canary`);
      },
    }),
  ),
  held('recover', 'recover', 'recoveries', async () => JSON.stringify({ recoveryId: randomUUID() })),

  {
    fn: 'relay-events',
    needs: ['lambda:InvokeFunction on state', 'sns:Publish on topic of events'],
    async run(bench) {
      const { blob } = await scrapedWell(bench, oneOfKind.api);
      await bench.handOver('ingest', ingestQueueName('api'), [blob]);
      await bench.take('outcomes');
      await bench.take('events');
      const answer = await bench.invoke('relay-events', { time: now() });
      if (z.object({ published: z.int() }).parse(answer).published === 0) throw new Broken('no event was published');
    },
  },
  {
    fn: 'maintain',
    needs: ['s3:DeleteObject on raw/import/*'],
    async run(bench) {
      const { id, key } = await uploaded(bench);
      await bench.pool.query("UPDATE import SET expires_at = now() - interval '31 days' WHERE id = $1", [id]);
      await bench.invoke('maintain', { time: now() });
      if ((await bench.keys(key)).length > 0) throw new Broken('what was uploaded is still there');
    },
  },
];
