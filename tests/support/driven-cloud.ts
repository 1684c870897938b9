/**
 * The deployed cloud with a test in the place of its clock: a test says when jobs run, when the monitor looks, and when
 * minutes and days are over. Faults that hang do so for seconds.
 */
import { randomUUID } from 'node:crypto';
import {
  GetFunctionConfigurationCommand,
  LambdaClient,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda';
import { afterAll, beforeAll } from 'vitest';
import * as z from 'zod';
import { incidentSchema, recoverySchema } from '../../core/contracts/http/recovery.ts';
import type { Tick } from '../../core/contracts/messages.ts';
import { settingNames } from '../../core/contracts/settings.ts';
import { catalogue } from '../../core/sources/catalogue.ts';
import { emulatorOf } from '../../localstack/cloud.ts';
import { waitForRuns } from '../../localstack/cycle.ts';
import { emulatorClient } from '../../localstack/emulator.ts';
import { eventually, type sharedCloud } from './shared-cloud.ts';

/** What a request may take: the deployed functions are told so meanwhile. Nothing else of them is changed. */
const timeoutMs = { ScrapeApi: 1_500, ScrapeBrowser: 6_000 } as const;

const now = () => new Date().toISOString();
const planned = z.object({ runs: z.array(z.string()) });

/**
 * Drives the cloud for the tests of a file, and leaves it as it was. The scheduler is stopped meanwhile, unless the file
 * looks at what people see: they would see that.
 */
export function drivenCloud(cloud: ReturnType<typeof sharedCloud>, { scheduled = false } = {}) {
  const lambda = new LambdaClient(emulatorClient(emulatorOf(cloud)));
  const usual = new Map<string, Record<string, string>>();

  async function settle(output: string, environment: Record<string, string>): Promise<void> {
    const FunctionName = cloud.outputOf(`Function${output}`);
    await lambda.send(
      new UpdateFunctionConfigurationCommand({ FunctionName, Environment: { Variables: environment } }),
    );
  }

  beforeAll(async () => {
    // The minute's own runs would heal and hurt in between; those that the test asks for go all the same.
    if (!scheduled) await cloud.ask('/services/scheduler/stop', { method: 'POST', as: 'operate' });
    // A tick that was planning has planned once another has.
    await cloud.functions.invoke('schedule', { time: now() } satisfies Tick);
    // The emulator ends a function's workers when its settings change, and their tasks would come back minutes later.
    for (const { id } of catalogue) await withoutStragglers(id);
    for (const [output, ms] of Object.entries(timeoutMs)) {
      const FunctionName = cloud.outputOf(`Function${output}`);
      const { Environment } = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName }));
      usual.set(output, Environment?.Variables ?? {});
      await settle(output, { ...Environment?.Variables, [settingNames.upstreamTimeoutMs]: String(ms) });
    }
  });
  afterAll(async () => {
    await cloud.noFaults();
    for (const [output, environment] of usual) await settle(output, environment);
    lambda.destroy();
    await timePasses();
    await cloud.pool.query('UPDATE source_state SET budget_until = NULL');
    if (!scheduled) await cloud.ask('/services/scheduler/start', { method: 'POST', as: 'operate' });
  });

  /** Minutes, days and spacings are over, for one source or all. */
  async function timePasses(source: string | null = null): Promise<void> {
    const of = `WHERE $1::text IS NULL OR source_id = $1`;
    await cloud.pool.query(`UPDATE source_state SET held_until = NULL, budget_until = NULL ${of}`, [source]);
    await cloud.pool.query(`DELETE FROM permit ${of}`, [source]);
    await cloud.pool.query(
      `UPDATE recovery SET requested_at = requested_at - interval '2 days', started_at = started_at - interval '2 days',
                         finished_at = finished_at - interval '2 days'
     WHERE finished_at > now() - interval '1 day' AND ($1::text IS NULL OR source_id = $1)`,
      [source],
    );
  }

  /**
   * What else is under way of a source ends, and what waits for its wish to be over never comes back. What the scheduler
   * plans meanwhile is not waited for.
   */
  async function withoutStragglers(source: string): Promise<void> {
    const [clock] = await cloud.rows('SELECT now() AS now');
    const open = `FROM task WHERE source_id = $1 AND finished_at IS NULL AND status <> 'planned' AND due_at <= $2`;
    const values = [source, clock?.['now']];
    await eventually(
      `all tasks of ${source} to end or wait`,
      async () => {
        const busy = await cloud.rows(
          `SELECT 1 ${open} AND (waits_until IS NULL OR waits_until < now() + interval '5 seconds')`,
          values,
        );
        return busy.length === 0 ? true : undefined;
      },
      120_000,
    );
    await cloud.pool.query(`DELETE FROM task_attempt WHERE (run_id, part) IN (SELECT run_id, part ${open})`, values);
    const cut = await cloud.pool.query<{ run_id: string }>(`DELETE ${open} RETURNING run_id`, values);
    cloud.cut(cut.rows.map(({ run_id }) => run_id));
  }

  const watch = () => cloud.functions.invoke('monitor', { time: now() } satisfies Tick);
  const newest = async (source: string) =>
    (await cloud.read(`/recoveries?sourceId=${source}&limit=1`, z.array(recoverySchema)))[0];

  return {
    timePasses,
    withoutStragglers,
    /** The monitor's minute. */
    watch,
    /** The newest recovery of a source. */
    newest,

    /** One driven cycle of a job: planned, scraped, ingested, judged. */
    async cycle({ source, job }: { readonly source: string; readonly job: string }): Promise<void> {
      await timePasses(source);
      const run = { sourceId: source, job, trigger: 'manual', requestId: randomUUID() } as const;
      const { runs } = planned.parse(await cloud.functions.invoke('schedule', { time: now(), run } satisfies Tick));
      await waitForRuns(cloud.pool, runs, 60_000);
      await withoutStragglers(source);
    },

    /** What earlier recoveries have asked for again of a source is over. */
    async quiet(source: string): Promise<void> {
      const nothing = { sourceId: 'nobody', trigger: 'manual', requestId: randomUUID() } as const;
      await timePasses(source);
      await cloud.functions.invoke('schedule', { time: now(), run: nothing } satisfies Tick);
      await withoutStragglers(source);
    },

    /**
     * The source's automatic recovery after `before`, once it has ended. The monitor is driven until there is one: the
     * minute's own tick may have been quicker.
     */
    automatic: (source: string, before: string | undefined) =>
      eventually(
        `an automatic recovery of ${source}`,
        async () => {
          // Looked for in the database: a call of the deployed API takes a hundred times as long.
          const [found] = await cloud.rows(
            'SELECT id, finished_at FROM recovery WHERE source_id = $1 ORDER BY requested_at DESC, id LIMIT 1',
            [source],
          );
          if (found === undefined || found['id'] === before) await watch();
          else if (found['finished_at']) return newest(source);
          return undefined;
        },
        60_000,
      ),

    /**
     * Keeps automatic recoveries of a source from beginning, as one that a person asked for does: the minute's own tick, and
     * the ticks that the other sources' tests drive, look at all sources.
     */
    async notYet<T>(source: string, work: () => Promise<T>): Promise<T> {
      const id = randomUUID();
      await eventually(`no recovery of ${source} to be under way`, async () => {
        const made = await cloud.pool.query(
          `INSERT INTO recovery (id, source_id, trigger, status, requested_at, started_at, deadline_at)
         VALUES ($1, $2, 'manual', 'running', now(), now(), now() + interval '10 minutes') ON CONFLICT DO NOTHING`,
          [id, source],
        );
        return made.rowCount === 1 ? true : undefined;
      });
      try {
        return await work();
      } finally {
        await cloud.pool.query('DELETE FROM recovery WHERE id = $1', [id]);
      }
    },

    openIncidents: (source: string) => cloud.read(`/incidents?sourceId=${source}&status=open`, z.array(incidentSchema)),
  };
}
