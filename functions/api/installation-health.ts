import { needsCredentials } from '../../core/auth/credentials.ts';
import { judgeInstallation } from '../../core/health/installation.ts';
import { startPace } from '../../core/health/pace.ts';
import type { HealthReader } from '../../core/ports/health-reader.ts';
import type { QueueInspector } from '../../core/ports/queue-inspector.ts';
import type { SourceReader } from '../../core/ports/source-reader.ts';
import type { SwitchStore } from '../../core/ports/switch-store.ts';
import type { SourceDefinition } from '../../core/sources/definition.ts';
import { keptFor } from './kept-for.ts';

export interface InstallationReaders {
  readonly health: HealthReader;
  readonly sources: SourceReader;
  readonly switches: SwitchStore;
  readonly inspector: QueueInspector;
  readonly catalogue: readonly SourceDefinition[];
}

export type InstallationHealth = (
  now: number,
  log: (error: unknown) => void,
) => Promise<ReturnType<typeof judgeInstallation>>;

/** Counting the dead letters asks every queue, and /health is open to all: they are counted this seldom. */
const countedForMs = 30_000;

/** The health of the installation with its checks, as /health and the report show it. Throws when the database cannot be reached. */
export function createInstallationHealth(of: InstallationReaders): InstallationHealth {
  const counted = keptFor<number | null>(countedForMs);

  const deadLetters = (now: number, log: (error: unknown) => void) =>
    counted('dead letters', now, () =>
      of.inspector.counts().then(
        (queues) => queues.reduce((sum, { dead }) => sum + dead, 0),
        (error: unknown) => {
          log(error);
          return null;
        },
      ),
    );

  return async (now, log) => {
    const at = new Date(now);
    const dead = deadLetters(now, log);
    const pace = startPace(() => performance.now());
    const facts = await pace.of(of.health.facts(at));
    const ids = of.catalogue.map((source) => source.id);
    const rows = await pace.of(of.sources.sources(ids, at));
    const services = await pace.of(of.switches.services(at));
    const { catalogue } = of;
    const { quickestMs: answerMs } = pace;
    const known = { rows, services, facts, answerMs, deadLetters: await dead };
    return judgeInstallation({ catalogue, needsCredentials, ...known, now });
  };
}
