import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { type ChromiumBrowser, chromiumBrowser } from '../../core/adapters/chromium/browser.ts';
import type { Pool } from '../../core/adapters/postgres/database/pool.ts';
import { faultSchema } from '../../localstack/upstreams/control.ts';
import { type RunningUpstreams, startUpstreams } from '../../localstack/upstreams/server.ts';
import type { Keys, testApi } from './api-fixture.ts';
import { makeKeys } from './api-fixture.ts';
import { expectInvariant } from './invariants/expect-invariant.ts';
import type { Pipeline, PipelineOptions } from './pipeline.ts';
import { type OpenWorld, openWorld } from './world.ts';

export interface UseWorldOptions {
  /** Months around this instant have partitions too; those around today have them anyway. */
  readonly partitionsAt?: Date | undefined;
  /** Most connections to the database at once; 4 unless given. */
  readonly connections?: number | undefined;
  /** Rows stay from one test to the next; else each test begins with empty tables. */
  readonly keepRows?: boolean | undefined;
  /** The sources that are simulated. None unless given: then nothing is started for them. */
  readonly sources?: readonly string[] | undefined;
  /** Where the simulator's clock starts, as an ISO instant; its markets keep their hours then, and never close without. */
  readonly simulatedFrom?: string | undefined;
  /** How many invented listings the simulated Yahoo has; none unless given. */
  readonly listings?: number | undefined;
  /** Whether there is a Chromium. A pipeline has it where it is given it. */
  readonly browser?: boolean | undefined;
  /** Of each pipeline of the file, unless it says otherwise. */
  readonly pipeline?: Omit<PipelineOptions, 'sourceUrls' | 'browser' | 'faults'> | undefined;
}

export interface UsedWorld {
  readonly pool: Pool;
  /** For what connects by itself: another process, a handler. */
  readonly databaseUrl: string;
  readonly upstreams: RunningUpstreams;
  readonly browser: ChromiumBrowser;
  /** The stages of a cloud of its own, on the file's database and simulated sources. */
  pipeline(differs?: Partial<PipelineOptions>): Pipeline;
  /** The API on the file's database, with the real clock unless it is given one. */
  api(differs?: Parameters<typeof testApi>[1]): ReturnType<typeof testApi>;
  /** A key of each scope: the same ones throughout a test. */
  keys(): Promise<Keys>;
  /** The rows of a statement. */
  all(text: string, values?: readonly unknown[]): Promise<Record<string, unknown>[]>;
  /** Switches a fault of a simulated source: see `faultSchema`. */
  fault(fault: Readonly<Record<string, unknown>>): void;
  /** Checks for the last time before the test makes rows or blobs something else than what came in. Says why it does. */
  uncheckedFromNow(why: string): Promise<void>;
  /** Checks what must hold once all has settled, for what a pipeline has read. What holds before is checked after each test. */
  invariant(of: Pick<Pipeline, 'blobs' | 'due'>): Promise<void>;
}

/**
 * A world for the tests of a file, and the simulated sources: started before all of them, emptied before each, checked for
 * the invariants after each that had a pipeline, stopped after all. Its parts are there in tests and hooks, not while the file is read.
 *
 * @example
 * ```ts
 * const world = useWorld({ sources: ['yahoo'], pipeline: { symbols: ['AAPL'] } });
 *
 * it('stores a quote', async () => {
 *   const { cycle } = world.pipeline();
 *   await cycle(runNow('quotes'));
 *   expect(await world.all('SELECT price FROM latest_quote')).toHaveLength(1);
 * });
 * ```
 */
export function useWorld(options: UseWorldOptions = {}): UsedWorld {
  const { sources = [], partitionsAt, connections = 4 } = options;
  let world: OpenWorld | undefined;
  let upstreams: RunningUpstreams | undefined;
  let browser: ChromiumBrowser | undefined;
  let keys: Promise<Keys> | undefined;

  beforeAll(async () => {
    world = await openWorld({ partitionsAt, connections });
    if (sources.length > 0)
      upstreams = await startUpstreams({ port: 0, clock: options.simulatedFrom, listings: options.listings ?? 0 });
    if (options.browser) browser = chromiumBrowser({ executable: process.env['QUOTRON_CHROMIUM'] });
  });
  afterAll(async () => {
    await browser?.close();
    await upstreams?.stop();
    await world?.stop();
  });
  beforeEach(async () => {
    upstreams?.control.clear();
    upstreams?.control.requests(true);
    if (options.keepRows) return;
    await world?.empty();
    keys = undefined;
  });
  afterEach(async ({ task }) => {
    if (task.result?.state !== 'fail') await world?.invariant();
  });

  const opened = () => started(world, 'The world');
  const simulated = () => started(upstreams, 'The simulator');
  return {
    get pool() {
      return opened().pool;
    },
    get databaseUrl() {
      return opened().databaseUrl;
    },
    get upstreams() {
      return simulated();
    },
    get browser() {
      return started(browser, 'The browser');
    },
    pipeline: (differs = {}) =>
      opened().pipeline({
        ...(upstreams && {
          sourceUrls: Object.fromEntries(sources.map((id) => [id, simulated().urlOf(id)])),
          faults: () => simulated().control.list(),
        }),
        ...options.pipeline,
        ...differs,
      }),
    api: (differs = {}) => opened().api({ clock: Date.now, ...differs }),
    keys: () => (keys ??= makeKeys(opened().pool)),
    all: async (text, values = []) => (await opened().database.query(text, values)).rows,
    fault: (fault) => simulated().control.switch(faultSchema.parse(fault)),
    uncheckedFromNow: (why) => opened().uncheckedFromNow(why),
    invariant: ({ blobs, due }) => expectInvariant(opened().pool, { ...blobs, due }),
  };
}

function started<T>(part: T | undefined, name: string): T {
  if (part === undefined)
    throw new Error(`${name} is there in tests and hooks only, and where the options of useWorld ask for it.`);
  return part;
}
