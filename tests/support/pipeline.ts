import type { ChromiumBrowser } from '../../core/adapters/chromium/browser.ts';
import { httpUpstream } from '../../core/adapters/http/upstream.ts';
import { memoryArtifactStore } from '../../core/adapters/memory/artifact-store.ts';
import { memoryMessageQueue } from '../../core/adapters/memory/message-queue.ts';
import { memoryRawStore } from '../../core/adapters/memory/raw-store.ts';
import type { Pool } from '../../core/adapters/postgres/database/pool.ts';
import { postgresIngestStore } from '../../core/adapters/postgres/prices/ingest-store.ts';
import { rereadStore } from '../../core/adapters/postgres/prices/reread-store.ts';
import { postgresRecoveryStore } from '../../core/adapters/postgres/recovery/recovery-store.ts';
import { postgresOutcomeStore } from '../../core/adapters/postgres/sources/outcome-store.ts';
import { postgresPlanStore } from '../../core/adapters/postgres/work/plan-store.ts';
import { postgresState } from '../../core/adapters/postgres/work/state.ts';
import { readWatchList } from '../../core/adapters/postgres/work/watch-list.ts';
import {
  ingestMessageSchema,
  outcomeMessageSchema,
  recoveryMessageSchema,
  scrapeMessageSchema,
  type Tick,
} from '../../core/contracts/messages.ts';
import { ingestQueueName, scrapeQueueName } from '../../core/contracts/queues.ts';
import type { PlannedRun } from '../../core/planning/plan.ts';
import { firstList } from '../../core/planning/watch-list.ts';
import type { PlanStore } from '../../core/ports/plan-store.ts';
import { openSource } from '../../core/scraping/open-source.ts';
import { scrapeTask } from '../../core/scraping/scrape-task.ts';
import { catalogue } from '../../core/sources/catalogue.ts';
import type { SourceDefinition } from '../../core/sources/definition.ts';
import { ingestBlobs } from '../../functions/ingest/ingest-blob.ts';
import { findLostBlobs } from '../../functions/monitor/find-lost-blobs.ts';
import { rereadHeld } from '../../functions/monitor/reread-held.ts';
import { startRecoveries } from '../../functions/monitor/start-recoveries.ts';
import { judgeSources, recordOutcome, watchSources } from '../../functions/monitor/watch-sources.ts';
import { recoverSource } from '../../functions/recover/recover-source.ts';
import { planRuns } from '../../functions/schedule/plan-runs.ts';
import { browserSource, type SourceBrowser } from '../../functions/scrape-browser/browser-source.ts';
import type { Fault, FaultName } from '../../localstack/upstreams/control.ts';

/** What outlives a container: queues, raw blobs and pictures of pages, in memory; and the runs that were due. */
export function memoryStores() {
  const due: PlannedRun[] = [];
  return { queue: memoryMessageQueue(), blobs: memoryRawStore(), artifacts: memoryArtifactStore(), due };
}

/** A plan store that notes the runs it was told to store, once it says that they are. */
export function notingDue(store: PlanStore, due: PlannedRun[]): PlanStore {
  return {
    ...store,
    async plan(now, watched, decide, queued) {
      let runs: readonly PlannedRun[] = [];
      const noting: typeof decide = (state) => {
        const decided = decide(state);
        runs = decided.runs;
        return decided;
      };
      await store.plan(now, watched, noting, queued);
      due.push(...runs);
    },
  };
}

export type PipelineStores = ReturnType<typeof memoryStores>;

const hangs: ReadonlySet<FaultName> = new Set(['hang', 'slow']);
/** With these a page never shows what is waited for. */
const neverDone: ReadonlySet<FaultName> = new Set(['malformed', 'drift', 'layout', 'loading', 'challenge']);
/** A page that comes has this long: on a busy machine it takes many times as long as on a quiet one. */
const patientMs = 30_000;
/** And one that comes without what is waited for, which uses all of it, this long. */
const againMs = 10_000;

/** Where the sources are, and what differs from a pipeline in the cloud. */
export interface PipelineOptions {
  sourceUrls: Record<string, string>;
  /** What is collected, in place of the watch list. */
  symbols?: readonly string[];
  /** Whether planner and monitor ignore calendars; they do by default. */
  alwaysOpen?: boolean;
  /** Queues and blobs that another pipeline of the same cloud uses too; its own unless given. */
  stores?: PipelineStores;
  now?: () => number;
  requestTimeoutMs?: number;
  /** The faults that are on: with them, the short time limits hold only where a fault would use up long ones. */
  faults?: () => readonly Fault[];
  /** The text of a source's secret. */
  credentials?: (sourceId: string) => string | null;
  /** For the browser sources: without one their tasks wait in their queues. */
  browser?: ChromiumBrowser;
  pageTimeoutMs?: number;
}

export type Pipeline = ReturnType<typeof pipeline>;

/**
 * The whole pipeline in one process: the real use cases on a real Postgres and over real HTTP, with queues and blobs in
 * memory. `cycle` drives one tick from the plan to the judged source and gives the ids of its runs.
 */
export function pipeline(pool: Pool, options: PipelineOptions) {
  const { queue, blobs, artifacts, due } = options.stores ?? memoryStores();
  const state = postgresState(pool);
  // The simulated market never closes.
  const first = options.symbols && firstList(catalogue, options.symbols);
  const watched = async () => first ?? readWatchList(pool);
  const planned = { watched, alwaysOpen: options.alwaysOpen ?? true };
  const watching = {
    store: postgresOutcomeStore(pool),
    sources: catalogue,
    planned,
    random: () => 0.5,
  };
  const now = options.now ?? Date.now;
  const hasty = (these: ReadonlySet<FaultName>) => options.faults?.().some(({ fault }) => these.has(fault)) ?? true;
  const backoff = { initialMs: 5, maxMs: 20 };
  const ingest = ingestBlobs({ rawStore: blobs, store: postgresIngestStore(pool), queue });
  const planning = {
    store: notingDue(postgresPlanStore(pool), due),
    queue,
    sources: catalogue,
    ...planned,
  };
  const starting = {
    recoveries: postgresRecoveryStore(pool),
    queue,
    sources: catalogue,
  };
  const recovering = { store: starting.recoveries, queue, sources: catalogue, now, worker: 'test' };
  const world = {
    state,
    sourceUrls: options.sourceUrls,
    sessionSecret: async () => 'the secret of these tests',
    upstream: (asked: Parameters<typeof httpUpstream>[0]) =>
      httpUpstream({ ...asked, timeoutMs: (hasty(hangs) ? options.requestTimeoutMs : null) ?? asked.timeoutMs }),
    now,
    wait: (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, Math.min(ms, 20))),
    credentials: async (sourceId: string) => options.credentials?.(sourceId) ?? null,
  };
  /**
   * Waits a short time for what never comes, and a long one for all else: a page that had not even come in the short time is
   * asked for again, and one that is read by its headings has them.
   */
  const patient = (browser: ChromiumBrowser): SourceBrowser => ({
    login: browser.login,
    capture: browser.capture,
    upstream: (rules) => async (call) => {
      const { pageTimeoutMs } = options;
      if (
        pageTimeoutMs !== undefined &&
        hasty(neverDone) &&
        !hasty(hangs) &&
        !call.page?.waitFor.startsWith('table ')
      ) {
        const answer = await browser.upstream({ ...rules, timeoutMs: pageTimeoutMs })(call);
        return answer.error?.code === 'timeout' ? browser.upstream({ ...rules, timeoutMs: againMs })(call) : answer;
      }
      return browser.upstream(rules)(call);
    },
  });
  const readySource = async ({ id, kind }: SourceDefinition) =>
    kind === 'browser' && options.browser
      ? browserSource(id, {
          ...world,
          browser: patient(options.browser),
          pageTimeoutMs: (hasty(hangs) ? options.pageTimeoutMs : null) ?? patientMs,
        })
      : openSource(id, world);
  const reported = new Set<string>();
  const judged = async (sourceIds: ReadonlySet<string>) => {
    const { errors } = await judgeSources(sourceIds, watching, new Date(now()));
    if (errors.length > 0) throw new AggregateError(errors, 'Sources could not be judged.');
  };
  const stages = {
    plan: (tick: Tick) => planRuns(tick, planning),
    async scrape() {
      for (const source of catalogue) {
        if (source.kind === 'browser' && !options.browser) continue;
        for (const message of queue.take(scrapeQueueName(source.id))) {
          const task = scrapeMessageSchema.parse(message);
          const ready = await readySource(source);
          if (task.fresh) await options.browser?.forget();
          await scrapeTask(task, { source: ready, state, blobs, artifacts, queue, now, worker: 'test', backoff });
          await options.browser?.rest();
        }
      }
    },
    async ingest() {
      for (const kind of ['api', 'browser'] as const)
        for (const message of queue.take(ingestQueueName(kind))) await ingest(ingestMessageSchema.parse(message));
    },
    async monitor() {
      const urgent = new Set<string>();
      for (const message of queue.take('outcomes')) {
        const outcome = outcomeMessageSchema.parse(message);
        const sourceId = await recordOutcome(outcome, watching);
        if (sourceId !== null) urgent.add(sourceId);
        reported.add(outcome.sourceId);
      }
      await judged(urgent);
    },
    /** As the next tick judges the sources that outcomes were of since the last time. */
    async judge() {
      const ids = new Set(reported);
      reported.clear();
      await judged(ids);
    },
    /** The monitor's minute: lost blobs are found, all sources are judged, recoveries that are due are started. */
    async watch(time: Date) {
      const found = await findLostBlobs(time, { store: watching.store, blobs, queue });
      const { overdue, statuses, flapping, errors } = await watchSources(watching, time);
      await rereadHeld(time, { store: rereadStore(pool), queue });
      const { recovering } = await startRecoveries(time, starting);
      if (errors.length > 0) throw new AggregateError(errors, 'Sources could not be judged.');
      return { overdue, recovering, found, statuses, flapping };
    },
    /** Recoveries go on as far as they can for now. Gives how many there were. */
    async recover() {
      const messages = queue.take('recoveries');
      for (const message of messages) await recoverSource(recoveryMessageSchema.parse(message), recovering);
      return messages.length;
    },
  };
  return {
    ...stages,
    queue,
    state,
    recoveries: starting.recoveries,
    blobs,
    /** The runs that were due. */
    due,
    artifacts: artifacts.artifacts,
    async cycle(tick: Tick): Promise<string[]> {
      const { runs } = await stages.plan(tick);
      await stages.scrape();
      await stages.monitor();
      await stages.ingest();
      await stages.monitor();
      await stages.judge();
      return runs;
    },
    /** Drives recoveries, with what they ask for, until none goes on any more. Between two looks, `meanwhile` happens. */
    async heal(meanwhile?: () => Promise<void>): Promise<void> {
      while ((await stages.recover()) > 0) {
        await meanwhile?.();
        await stages.scrape();
        await stages.monitor();
        await stages.ingest();
        await stages.monitor();
        await stages.judge();
      }
    },
  };
}

let requests = 0;

/** A tick that asks for one job now. */
export function runNow(job: string, time = new Date().toISOString(), sourceId = 'yahoo'): Tick {
  return { time, run: { sourceId, job, trigger: 'manual', requestId: `test-${++requests}` } };
}
