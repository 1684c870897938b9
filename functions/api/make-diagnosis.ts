import { needsCredentials } from '../../core/auth/credentials.ts';
import type { Diagnosis } from '../../core/contracts/http/diagnostics.ts';
import type { SystemHealth } from '../../core/contracts/http/health.ts';
import type { QueueCounts } from '../../core/contracts/queues.ts';
import { serviceIds } from '../../core/contracts/words/services.ts';
import { symbolsOfFaults } from '../../core/diagnosis/affected.ts';
import { diagnose } from '../../core/diagnosis/diagnose.ts';
import type { DiagnosisFacts, SourceFacts } from '../../core/diagnosis/facts.ts';
import { reportOf } from '../../core/diagnosis/report.ts';
import { databaseTrouble } from '../../core/diagnosis/rules/installation/standstill.ts';
import { calendarWarnings } from '../../core/market/calendar.ts';
import { exchangeOf } from '../../core/market/exchange.ts';
import type { DiagnosisStore } from '../../core/ports/diagnosis-store.ts';
import type { FactsReader, SourceRecord } from '../../core/ports/facts-reader.ts';
import type { QueueInspector } from '../../core/ports/queue-inspector.ts';
import { proxyId } from '../../core/recovery/strategy.ts';
import type { SourceDefinition } from '../../core/sources/definition.ts';
import type { InstallationHealth } from './installation-health.ts';

/** So many reports before this one are named in it. */
const earlierReports = 5;

export interface Diagnosing {
  readonly facts: FactsReader;
  readonly diagnoses: DiagnosisStore;
  readonly inspector: QueueInspector;
  readonly installation: InstallationHealth;
  readonly catalogue: readonly SourceDefinition[];
  /** Ids of the sources whose data are made up. */
  readonly simulated: readonly string[];
  /** Told when the queues cannot be asked: the report is made without them. */
  readonly log: (error: unknown) => void;
}

/**
 * Makes a diagnosis and keeps it:
 *
 *   1. read the facts: tables, queues, the report before; of a database that is slow only what /health knows
 *   2. judge them by the rules
 *   3. write and keep the report
 */
export async function makeDiagnosis(
  of: { id: string; now: number; requestedBy: string | null },
  world: Diagnosing,
): Promise<{ diagnosis: Diagnosis; markdown: string }> {
  const diagnosis = diagnose(await factsAt(of.now, world));
  const markdown = reportOf(diagnosis);
  await world.diagnoses.keep({ id: of.id, diagnosis, markdown, requestedBy: of.requestedBy });
  return { diagnosis, markdown };
}

async function factsAt(now: number, world: Diagnosing): Promise<DiagnosisFacts> {
  const { facts, diagnoses, catalogue } = world;
  // That the queues cannot be asked is logged where they are counted.
  const { system } = await world.installation(now, () => {});
  if (databaseTrouble({ system }) === 'slow') return factsOfHealth(now, system, world);
  const previous = await diagnoses.newest();
  const ids = catalogue.map((source) => source.id);
  const since = previous && new Date(previous.createdAt);
  const records = await facts.sources(ids, new Date(now), since);
  const { services, plannedTo, strays, lastMonth, venues } = await facts.installation(new Date(now));
  const sources = catalogue.flatMap((source) => {
    const record = records.find(({ id }) => id === source.id);
    return record ? [sourceFacts(source, record)] : [];
  });
  const served = await facts.served(symbolsOfFaults(sources));
  const earlier = await diagnoses.list({ after: null, limit: earlierReports });
  return {
    at: now,
    sources,
    served: served.map(({ mic, ...price }) => ({ ...price, market: exchangeOf(mic).name })),
    earlier: earlier.map(({ id, createdAt, score, headline }) => {
      return { id, createdAt: createdAt.getTime(), score, headline: headline ?? '' };
    }),
    services: serviceIds.map((id) => {
      const row = services.find((each) => each.id === id);
      return {
        id,
        running: row?.running ?? true,
        changedAt: row?.changedAt ?? null,
        stoppedUntil: row?.stoppedUntil ?? null,
      };
    }),
    queues: await counts(world),
    plannedTo,
    partitions: { strays, lastMonth },
    calendars: calendarWarnings(now, venues),
    proxy: await facts.proxy(proxyId, new Date(now), since),
    simulated: world.simulated,
    system,
    previous,
  };
}

/** What /health knows: on a slow database all else would take longer than a request may. */
async function factsOfHealth(now: number, system: SystemHealth, world: Diagnosing): Promise<DiagnosisFacts> {
  return {
    ...{ at: now, system, simulated: world.simulated, sources: [], served: [], earlier: [], previous: null },
    services: serviceIds.map((id) => {
      const stopped = system.attention.some((each) => each.kind === 'service' && each.id === id);
      return { id, running: !stopped, changedAt: null, stoppedUntil: null };
    }),
    queues: await counts(world),
    plannedTo: null,
    partitions: { strays: 0, lastMonth: null },
    calendars: [],
    proxy: { id: proxyId, pause: null, incidents: [], recoveries: [] },
  };
}

async function counts({ inspector, log }: Diagnosing): Promise<readonly QueueCounts[] | null> {
  try {
    return await inspector.counts();
  } catch (error) {
    log(error);
    return null;
  }
}

function sourceFacts(source: SourceDefinition, record: SourceRecord): SourceFacts {
  const { credentialsSet, credentialsAt, dayUsed, busiestMinute, ...known } = record;
  const credentials = needsCredentials(source) ? { isSet: credentialsSet, changedAt: credentialsAt } : null;
  const idle = credentials?.isSet === false;
  return {
    ...known,
    title: source.title,
    kind: source.kind,
    quoteJobs: source.jobs.filter(({ kind }) => kind === 'quotes').map(({ id }) => id),
    signsIn: source.session?.strategy ?? null,
    credentials,
    // Without its credentials it is not asked: how it was before says nothing.
    status: idle ? 'unknown' : known.status === 'paused' && !known.paused ? 'unknown' : known.status,
    reason: idle ? null : known.reason,
    quota: {
      day: { used: dayUsed, limit: source.quota.perDay },
      minute: { used: busiestMinute, limit: source.quota.perMinute },
    },
    tasks: idle ? [] : known.tasks,
    quarantine: idle ? [] : known.quarantine,
    incidents: idle ? [] : known.incidents,
  };
}
