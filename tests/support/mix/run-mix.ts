import { setTimeout as sleep } from 'node:timers/promises';
import { chunked } from '../../../core/contracts/chunked.ts';
import type { Tick } from '../../../core/contracts/messages.ts';
import { runIdOf } from '../../../core/contracts/run-id.ts';
import { knownSource } from '../../../core/sources/catalogue.ts';
import { ageTasks } from '../age-tasks.ts';
import { breachesOf } from '../invariants/expect-invariant.ts';
import type { DueRun } from '../invariants/work.ts';
import { type Random, randomFrom } from '../random.ts';
import { mixedFaults } from './mixed-faults.ts';
import { type MixedWorld, mixedSymbols, startMixedWorld } from './mixed-world.ts';

export interface MixOptions {
  readonly seed: number;
  /** How long faults are injected. */
  readonly forMs: number;
  /** How long everything may take to settle afterwards. */
  readonly settleMs: number;
  readonly say: (line: string) => void;
}

export interface MixResult {
  /** By kind of fault. */
  readonly fired: ReadonlyMap<string, number>;
  /** What is still open; `null` when everything has settled. */
  readonly unsettled: string | null;
  readonly breaches: readonly string[];
  /** Dead letters that no poison explains. */
  readonly deadByMistake: number;
  readonly figures: Readonly<Record<string, number>>;
}

/**
 * The service under a mix of all kinds of fault, in an order that the seed gives: runs are asked for the whole time, one
 * fault comes after the other, then all of them end, everything settles, and the invariants are checked.
 */
export async function runMix({ seed, forMs, settleMs, say }: MixOptions): Promise<MixResult> {
  const random = randomFrom(seed);
  const world = await startMixedWorld(random);
  try {
    const fired = new Map<string, number>();
    const due: DueRun[] = [];
    const peaks = { connections: 0, residentMb: 0, containers: 0 };
    const startedAt = Date.now();
    const going = { on: true };
    await Promise.all([
      injectFaults(world, random, startedAt + forMs, fired, say).finally(() => {
        going.on = false;
      }),
      askForRuns(world, random, going, due),
      ticks(world, going),
      watch(world, going, peaks, () =>
        say(
          `${minutes(Date.now() - startedAt)}: ${due.length} runs asked for, ${world.blobs.size} blobs kept, ` +
            `${world.queues.counts.delivered} deliveries, ${world.containers.alive} containers of ${world.containers.residentMb.toFixed(0)} MB`,
        ),
      ),
    ]);
    const settlingAt = Date.now();
    const unsettled = await settle(world, settleMs);
    const settledMs = Date.now() - settlingAt;
    const breaches = await breachesOf(world.pool, { blobs: world.blobs, due });
    const { queues, containers, proxy } = world;
    return {
      fired,
      unsettled,
      breaches,
      deadByMistake: queues.deadByMistake.length,
      figures: {
        'runs asked for': due.length,
        ...(await stored(world)),
        'blobs kept': world.blobs.size,
        deliveries: queues.counts.delivered,
        'messages repeated': queues.counts.repeated,
        'dead letters sent back': queues.counts.redriven,
        'poisoned messages': queues.counts.poison,
        'dead letters': queues.dead.length,
        'connections made': proxy.counts.accepted,
        'connections cut': proxy.counts.cut,
        'most connections at once': peaks.connections,
        'containers started': containers.counts.started,
        'containers killed': containers.counts.killed,
        'containers put to sleep': containers.counts.slept,
        'containers that took too long': containers.counts.timedOut,
        'most containers at once': peaks.containers,
        'most memory of all containers, MB': Math.round(peaks.residentMb),
        'memory of all containers at the end, MB': Math.round(containers.residentMb),
        'seconds to settle': Math.round(settledMs / 1000),
      },
    };
  } finally {
    await world.stop();
  }
}

function minutes(ms: number): string {
  return `${(ms / 60_000).toFixed(1)} min`;
}

/** Whether faults are still injected. */
interface Going {
  on: boolean;
}

/** What is asked for, and how often: well within the quotas of a minute. */
const wishes = [
  { sourceId: 'yahoo', job: 'quotes', everyMs: 3_000 },
  { sourceId: 'yahoo', job: 'daily-bars', everyMs: 45_000 },
  { sourceId: 'coingecko', job: 'quotes', everyMs: 25_000 },
];

async function askForRuns({ queues }: MixedWorld, random: Random, going: Going, due: DueRun[]): Promise<void> {
  await Promise.all(
    wishes.map(async ({ sourceId, job, everyMs }) => {
      while (going.on) {
        const slot = `mix-${due.length}`;
        const run = { sourceId, job, trigger: 'manual', requestId: slot } as const;
        due.push(dueRun(sourceId, job, slot));
        queues.send('ticks', JSON.stringify({ time: new Date().toISOString(), run } satisfies Tick), 0);
        await sleep(everyMs * (0.5 + random.next()));
      }
    }),
  );
}

/** The run that a request must become. */
function dueRun(sourceId: string, jobId: string, slot: string): DueRun {
  const source = knownSource(sourceId);
  const job = source.jobs.find(({ id }) => id === jobId);
  const symbols = mixedSymbols.flatMap((symbol) => source.toSource(symbol) ?? []);
  const of = { sourceId, job: jobId, trigger: 'manual', slot } as const;
  return { ...of, id: runIdOf(of), tasks: chunked(symbols, job?.symbolsPerTask ?? 1) };
}

/** What EventBridge does each minute, three times as often: a tick may come twice, and plans nothing twice. */
async function ticks(world: MixedWorld, going: Going): Promise<void> {
  while (going.on) {
    await tick(world);
    for (let waited = 0; waited < 20 && going.on; waited++) await sleep(1_000);
  }
}

async function tick({ containers }: MixedWorld): Promise<void> {
  const event = { time: new Date().toISOString() };
  // A tick that fails is gone; the next one does its work.
  await Promise.allSettled([containers.invoke('schedule', event), containers.invoke('monitor', event)]);
}

/** Some faults need something at work to strike. Those that did not fire in time get more of it. */
const longestMissing = 120_000;

/** One fault after the other, every kind before any comes again. */
async function injectFaults(
  world: MixedWorld,
  random: Random,
  until: number,
  fired: Map<string, number>,
  say: (line: string) => void,
): Promise<void> {
  await sleep(3_000);
  const missing = () => mixedFaults.filter(({ name }) => !fired.get(name));
  while (Date.now() < until || (missing().length > 0 && Date.now() < until + longestMissing))
    for (const { name, inject } of random.shuffled(mixedFaults)) {
      if (Date.now() >= until && fired.get(name)) continue;
      const times = await inject(world, random);
      fired.set(name, (fired.get(name) ?? 0) + times);
      say(`fault: ${name}, fired ${times} times`);
      await sleep(random.between(200, 1_200));
    }
}

async function watch(
  world: MixedWorld,
  going: Going,
  peaks: { connections: number; residentMb: number; containers: number },
  tell: () => void,
): Promise<void> {
  for (let round = 1; going.on; round++) {
    await sleep(2_000);
    world.containers.requireStarts();
    const connections = await count(world, `FROM pg_stat_activity WHERE application_name = 'quotron'`);
    peaks.connections = Math.max(peaks.connections, connections);
    peaks.residentMb = Math.max(peaks.residentMb, world.containers.residentMb);
    peaks.containers = Math.max(peaks.containers, world.containers.alive);
    if (round % 15 === 0) tell();
  }
}

/**
 * After the faults: what waits for a time (a lease, a minute of the quota, a quarter of an hour without an outcome) does
 * not wait here. Gives what is still open in the end.
 */
async function settle(world: MixedWorld, withinMs: number): Promise<string | null> {
  const until = Date.now() + withinMs;
  let open = 'nothing was looked at';
  for (let round = 1; Date.now() < until; round++) {
    await sleep(1_000);
    if (round === 15) world.queues.halt('recoveries');
    world.queues.redrive(1);
    world.queues.hurry();
    await world.rows('DELETE FROM permit');
    await world.rows('UPDATE source_state SET held_until = NULL, breaker_until = now()');
    const tasks = await count(world, 'FROM task WHERE finished_at IS NULL');
    const attempts = await count(world, 'FROM task_attempt WHERE finished_at IS NULL');
    const { waiting } = world.queues;

    const unread = await count(
      world,
      `FROM task_attempt WHERE blob_key IS NOT NULL AND blob_key NOT IN (SELECT blob_key FROM batch)`,
    );
    open = `${tasks} tasks, ${attempts} attempts, ${waiting} messages, ${unread} blobs`;
    if (tasks + attempts + waiting + unread === 0) return null;
    // Those who held these leases are dead, or told long ago.
    if (world.containers.busy === 0) await expireLeases(world);
    if (waiting === 0) await ageTasks(world.pool);
    if (round % 5 === 0) await tick(world);
  }
  return open;
}

async function expireLeases(world: MixedWorld): Promise<void> {
  await world.rows(
    'UPDATE task SET lease_until = least(lease_until, clock_timestamp()), waits_until = NULL WHERE finished_at IS NULL',
  );
}

async function count(world: MixedWorld, from: string): Promise<number> {
  const [row] = await world.rows(`SELECT count(*) AS n ${from}`);
  return Number(row?.['n'] ?? 0);
}

async function stored(world: MixedWorld): Promise<Record<string, number>> {
  return {
    'runs planned': await count(world, "FROM run WHERE slot LIKE 'mix-%'"),
    'runs by schedule and recovery': await count(world, "FROM run WHERE slot NOT LIKE 'mix-%'"),
    'tasks ended': await count(world, 'FROM task WHERE finished_at IS NOT NULL'),
    'tasks succeeded': await count(world, "FROM task WHERE status = 'succeeded'"),
    attempts: await count(world, 'FROM task_attempt'),
    batches: await count(world, 'FROM batch'),
    'quotes stored': await count(world, 'FROM quote'),
    'quotes of before': await count(world, 'FROM quote_revision'),
    'bars stored': await count(world, 'FROM bar'),
    'rows in quarantine': await count(world, 'FROM quarantine'),
    events: await count(world, 'FROM outbox'),
  };
}
