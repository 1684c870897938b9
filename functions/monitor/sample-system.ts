import { needsCredentials } from '../../core/auth/credentials.ts';
import { judgeInstallation } from '../../core/health/installation.ts';
import type { HealthReader } from '../../core/ports/health-reader.ts';
import type { SourceReader } from '../../core/ports/source-reader.ts';
import type { SwitchStore } from '../../core/ports/switch-store.ts';
import type { SystemSamples } from '../../core/ports/system-samples.ts';
import type { SourceDefinition } from '../../core/sources/definition.ts';

export interface SampleDependencies {
  readonly health: HealthReader;
  readonly samples: SystemSamples;
  readonly sources: SourceReader;
  readonly switches: SwitchStore;
  readonly catalogue: readonly SourceDefinition[];
}

/**
 * Keeps the health of the installation in the hour's sample, each minute after the sources were judged. The queues are not
 * asked: dead letters are in /health and not in its history.
 */
export async function sampleSystem(now: Date, of: SampleDependencies): Promise<void> {
  const facts = await of.health.facts(now);
  const rows = await of.sources.sources(
    of.catalogue.map((source) => source.id),
    now,
  );
  const services = await of.switches.services(now);
  const { system } = judgeInstallation({
    catalogue: of.catalogue,
    needsCredentials,
    rows,
    services,
    facts,
    deadLetters: null,
    now: now.getTime(),
  });
  await of.samples.keep(system, now);
}
