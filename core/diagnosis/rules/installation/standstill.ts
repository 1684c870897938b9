import type { ServiceId } from '../../../contracts/words/services.ts';
import { lockedDatabaseCheck, slowDatabaseCheck } from '../../../health/system.ts';
import { clockToleranceMs } from '../../../planning/wrong-clock.ts';
import type { Complaint } from '../../complaints.ts';
import type { DiagnosisFacts, SourceFacts } from '../../facts.ts';
import { minute } from '../../instants.ts';
import { say } from '../advice.ts';
import type { SystemRule } from '../rule.ts';

/** A tick comes each minute; after this long without one, the clock has stopped. */
const silentTicksMs = 5 * 60_000;

/** From this weight on a stopped service silences all sources. */
const stopsAll = 95;

/** What stands still while a service is stopped. */
const stoppedMeans: Readonly<Partial<Record<ServiceId, { readonly what: string; readonly weight: number }>>> = {
  scheduler: { what: 'Nothing is planned: every source goes silent, and prices grow old.', weight: 100 },
  scrapers: { what: 'Planned runs wait in their queues: no source gets a request.', weight: 100 },
  ingest: { what: 'Answers are stored raw and wait: no new price reaches the tables.', weight: stopsAll },
  proxy: { what: 'The Yahoo proxy answers nothing.', weight: 40 },
};

/** Silence of a source that a stopped service or a missing tick accounts for. */
export function isSilence(complaint: Complaint): boolean {
  return complaint.reason === 'stale' || (complaint.reason === 'timeout' && !complaint.attempted);
}

/** Sources that are neither paused nor without their credentials. */
export function runningSources(facts: DiagnosisFacts): SourceFacts[] {
  return facts.sources.filter((source) => !source.paused && source.credentials?.isSet !== false);
}

/** Queues with messages that wait, for the evidence. */
export function waitingQueues(facts: DiagnosisFacts): string[] {
  const full = (facts.queues ?? []).filter((queue) => queue.waiting > 0);
  return full.map(({ name, waiting }) =>
    waiting === 1 ? `1 message waits in the queue ${name}.` : `${waiting} messages wait in the queue ${name}.`,
  );
}

/** When the planner planned last, if that is too long ago; `null` otherwise, and before its first tick. */
export function stoppedClock({ at, plannedTo }: DiagnosisFacts): number | null {
  return plannedTo !== null && at - plannedTo >= silentTicksMs ? plannedTo : null;
}

/** Whether the database is slow or locked, by the checks of /health: what stands still then does so for want of it. */
export function databaseTrouble({ system }: Pick<DiagnosisFacts, 'system'>): 'slow' | 'locked' | null {
  const warns = (check: string) => system.attention.some(({ kind, id }) => kind === 'check' && id === check);
  if (warns(lockedDatabaseCheck)) return 'locked';
  return warns(slowDatabaseCheck) ? 'slow' : null;
}

export const stoppedServices: SystemRule = {
  id: 'service-stopped',
  find: (facts, complaints) =>
    facts.services.flatMap((service) => {
      if (service.running) return [];
      const { changedAt, stoppedUntil } = service;
      const means = stoppedMeans[service.id] ?? { what: 'Its work is not done.', weight: 35 };
      const silences = means.weight >= stopsAll;
      return [
        {
          title: `The service ${service.id} is stopped`,
          cause: `Someone stopped it${changedAt === null ? '' : ` at ${minute(changedAt)}`}${stoppedUntil === null ? '' : ` until ${minute(stoppedUntil)}`}. ${means.what}`,
          evidence: waitingQueues(facts),
          advice: [
            say(
              stoppedUntil === null ? 'Start it:' : 'It starts again by itself then. To start it now:',
              `npx quotron start ${service.id}`,
            ),
          ],
          sources: silences ? runningSources(facts).map(({ id }) => id) : [],
          weight: means.weight,
          explains: silences
            ? complaints.filter((complaint) => isSilence(complaint) && complaint.lastAt >= (changedAt ?? 0))
            : [],
        },
      ];
    }),
};

export const noTicks: SystemRule = {
  id: 'no-ticks',
  find(facts, complaints) {
    const stopped = facts.services.some(({ id, running }) => id === 'scheduler' && !running);
    const since = stoppedClock(facts);
    if (stopped || since === null || databaseTrouble(facts) !== null) return [];
    return [
      {
        title: 'The clock has stopped',
        cause: `The scheduler is switched on and has planned nothing since ${minute(since)}: its tick, each minute, does not come or does not get through.`,
        evidence: [`Planned up to ${minute(since)}, ${Math.round((facts.at - since) / 60_000)} minutes ago.`],
        advice: [
          say(
            'On AWS, see whether the rule quotron-<stage>-each-minute is enabled, and the log of the function schedule.',
          ),
          say('On a laptop, the clock runs while `npm start` does: start it again.'),
        ],
        sources: runningSources(facts).map(({ id }) => id),
        weight: 98,
        explains: complaints.filter(isSilence),
      },
    ];
  },
};

export const clockAhead: SystemRule = {
  id: 'clock-ahead',
  find({ at, plannedTo, ...facts }) {
    if (plannedTo === null || plannedTo - at <= clockToleranceMs) return [];
    return [
      {
        title: 'A clock was ahead',
        cause: `Runs are planned up to ${minute(plannedTo)}, which has not come yet: a clock was ahead when they were planned.`,
        evidence: [`Planned up to ${minute(plannedTo)}, ${Math.round((plannedTo - at) / 60_000)} minutes ahead.`],
        advice: [
          say(
            'The next tick whose time is right plans again. Where this stays, compare the clock of the machine that sends the ticks with that of the database.',
          ),
        ],
        sources: runningSources({ at, plannedTo, ...facts }).map(({ id }) => id),
        weight: 97,
        explains: [],
      },
    ];
  },
};
