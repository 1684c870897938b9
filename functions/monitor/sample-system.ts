import { needsCredentials } from '../../core/auth/credentials.ts';
import { judgeInstallation } from '../../core/health/installation.ts';
import { startPace } from '../../core/health/pace.ts';
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
  const pace = startPace(() => performance.now());
  const facts = await pace.of(of.health.facts(now));
  const ids = of.catalogue.map((source) => source.id);
  const rows = await pace.of(of.sources.sources(ids, now));
  const services = await pace.of(of.switches.services(now));
  const { system } = judgeInstallation({
    catalogue: of.catalogue,
    needsCredentials,
    rows,
    services,
    facts,
    answerMs: pace.quickestMs,
    deadLetters: null,
    now: now.getTime(),
  });
  await of.samples.keep(system, now);
}
