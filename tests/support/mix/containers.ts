import { readFileSync } from 'node:fs';
import { type FunctionName, timeoutSeconds } from '../../../core/contracts/functions.ts';
import { type FunctionProcess, startFunction } from '../bundles/function-process.ts';
import type { Random } from '../random.ts';

/** Functions of the mix, by the names of their folders. */
export const mixedFunctions = ['schedule', 'scrape-api', 'ingest', 'monitor', 'recover', 'state'] as const;
export type MixedFunction = (typeof mixedFunctions)[number];

interface Container {
  readonly of: FunctionName;
  readonly process: FunctionProcess;
  busy: boolean;
}

export type Containers = ReturnType<typeof containersOf<MixedFunction>>;

/**
 * Containers as Lambda has them: started when they are needed, one event at a time, ended when an event takes longer than
 * the function may. Each may be killed or put to sleep.
 */
export function containersOf<Name extends FunctionName>(options: {
  bundle: (name: Name) => string;
  env: (name: Name) => Readonly<Record<string, string>>;
  /** Most containers of a function at once. */
  most: Readonly<Record<Name, number>>;
}) {
  const containers = new Set<Container>();
  /** Being started. */
  const starting = new Map<Name, number>();
  const asleep = new Set<Container>();
  let stopped = false;
  let startError: unknown = null;
  const counts = { started: 0, killed: 0, slept: 0, timedOut: 0 };
  const ofFunction = (name: Name) => [...containers].filter((each) => each.of === name && each.process.alive);

  const isFree = (each: Container) => each.process.alive && !each.busy && !asleep.has(each);

  /** Whether an event could be handed over at once. */
  function hasRoom(name: Name): boolean {
    const own = ofFunction(name);
    return own.some(isFree) || own.length + (starting.get(name) ?? 0) < options.most[name];
  }

  async function freeContainer(name: Name): Promise<Container> {
    for (;;) {
      if (stopped) throw new Error('The containers were stopped.');
      const free = ofFunction(name).find(isFree);
      if (free) {
        free.busy = true;
        return free;
      }
      if (ofFunction(name).length + (starting.get(name) ?? 0) < options.most[name]) return await start(name);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async function start(name: Name): Promise<Container> {
    starting.set(name, (starting.get(name) ?? 0) + 1);
    try {
      const process = await startFunction(options.bundle(name), options.env(name));
      const container: Container = { of: name, process, busy: true };
      containers.add(container);
      counts.started++;
      return container;
    } catch (error) {
      startError ??= error;
      throw error;
    } finally {
      starting.set(name, (starting.get(name) ?? 0) - 1);
    }
  }

  return {
    counts,
    hasRoom,
    /** Has a container answer an event. Throws what the function throws, and when it was killed or took too long. */
    async invoke(name: Name, event: unknown): Promise<unknown> {
      const container = await freeContainer(name);
      const timer = setTimeout(() => {
        counts.timedOut++;
        container.process.kill('SIGKILL');
      }, timeoutSeconds[name] * 1000);
      try {
        const [answer] = await container.process.ask([event]);
        return answer;
      } finally {
        clearTimeout(timer);
        container.busy = false;
        if (!container.process.alive) containers.delete(container);
      }
    },
    /** Kills a container at work, at once. Gives which; `null` when none works. */
    killOne(random: Random): FunctionName | null {
      const container = random.pick([...containers].filter((each) => each.busy && each.process.alive));
      if (!container) return null;
      container.process.kill('SIGKILL');
      counts.killed++;
      return container.of;
    },
    /** Puts a container at work to sleep, for so long. Gives which; `null` when none works. */
    sleepOne(random: Random, ms: number): FunctionName | null {
      const container = random.pick([...containers].filter((each) => each.busy && each.process.alive));
      if (!container) return null;
      asleep.add(container);
      container.process.kill('SIGSTOP');
      counts.slept++;
      setTimeout(() => {
        asleep.delete(container);
        container.process.kill('SIGCONT');
      }, ms).unref();
      return container.of;
    },
    /** Throws when a container could not start: that is no fault of the mix. */
    requireStarts(): void {
      if (startError !== null && !stopped) throw startError;
    },
    /** Events that are being answered. */
    get busy(): number {
      return [...containers].filter((each) => each.busy && each.process.alive).length;
    },
    get alive(): number {
      return [...containers].filter((each) => each.process.alive).length;
    },
    /** Memory of all containers in megabytes, where /proc tells. */
    get residentMb(): number {
      return [...containers].reduce((sum, { process }) => sum + residentOf(process.pid), 0) / 1024;
    },
    async stop(): Promise<void> {
      stopped = true;
      for (const each of asleep) each.process.kill('SIGCONT');
      await Promise.all([...containers].map(({ process }) => process.stop()));
    },
  };
}

/** Kilobytes. */
function residentOf(pid: number): number {
  try {
    return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}
