import type { ServiceId } from '../../contracts/words/services.ts';
import type { Complaint } from '../complaints.ts';
import type { DiagnosisFacts, SourceFacts } from '../facts.ts';
import { minute } from '../instants.ts';
import type { Advice } from './source-rule.ts';

/** What a rule on the whole installation found. */
export interface SystemFinding {
  readonly title: string;
  readonly cause: string;
  readonly evidence: readonly string[];
  readonly advice: readonly Advice[];
  readonly sources: readonly string[];
  /** 0 to 100. */
  readonly weight: number;
  /** Complaints of single sources that this explains: they are not told again. */
  readonly explains?: readonly Complaint[];
}

/** What may be wrong with Quotron itself, or with the ground it stands on. */
export interface SystemRule {
  readonly id: string;
  readonly find: (facts: DiagnosisFacts, complaints: readonly Complaint[]) => readonly SystemFinding[];
}

/** A tick comes each minute; after this long without one, the clock has stopped. */
const silentTicksMs = 5 * 60_000;
/** Outages that begin within this time of each other have one cause. */
const atOnceMs = 10 * 60_000;
const nearlyUsed = 0.8;
const dayMs = 24 * 3600_000;

const say = (text: string, command: string | null = null): Advice => ({ text, command });

/** What stands still while a service is stopped. */
const stoppedMeans: Readonly<Partial<Record<ServiceId, { readonly what: string; readonly weight: number }>>> = {
  scheduler: { what: 'Nothing is planned: every source goes silent, and prices grow old.', weight: 100 },
  scrapers: { what: 'Planned runs wait in their queues: nothing is asked of any source.', weight: 100 },
  ingest: { what: 'Answers are kept raw and wait: no new price reaches the tables.', weight: 95 },
  proxy: { what: 'The Yahoo proxy answers nothing.', weight: 40 },
};

/** Silence of a source that a stopped service or a missing tick accounts for. */
const isSilence = (complaint: Complaint) =>
  complaint.reason === 'stale' || (complaint.reason === 'timeout' && !complaint.attempted);

const runs = (facts: DiagnosisFacts) =>
  facts.sources.filter((source) => !source.paused && source.credentials?.isSet !== false);

const stoppedServices: SystemRule = {
  id: 'service-stopped',
  find: (facts, complaints) =>
    facts.services.flatMap((service) => {
      if (service.running) return [];
      const means = stoppedMeans[service.id] ?? { what: 'What it does is not done.', weight: 35 };
      const explains =
        means.weight >= 95
          ? complaints.filter((complaint) => isSilence(complaint) && complaint.lastAt >= (service.changedAt ?? 0))
          : [];
      return [
        {
          title: `The service ${service.id} is stopped`,
          cause: `Someone stopped it${service.changedAt === null ? '' : ` at ${minute(service.changedAt)}`}${service.stoppedUntil === null ? '' : ` until ${minute(service.stoppedUntil)}`}. ${means.what}`,
          evidence: waiting(facts),
          advice: [
            say(
              service.stoppedUntil === null ? 'Start it:' : 'It goes on by itself then. To start it now:',
              `npx quotron start ${service.id}`,
            ),
          ],
          sources: means.weight >= 95 ? runs(facts).map(({ id }) => id) : [],
          weight: means.weight,
          explains,
        },
      ];
    }),
};

function waiting(facts: DiagnosisFacts): string[] {
  const full = (facts.queues ?? []).filter((queue) => queue.waiting > 0);
  return full.map((queue) => `${queue.waiting} messages wait in the queue ${queue.name}.`);
}

function ticksAreMissing({ at, plannedTo }: DiagnosisFacts): boolean {
  return plannedTo !== null && at - plannedTo >= silentTicksMs;
}

const noTicks: SystemRule = {
  id: 'no-ticks',
  find(facts, complaints) {
    const stopped = facts.services.some(({ id, running }) => id === 'scheduler' && !running);
    if (stopped || facts.plannedTo === null || !ticksAreMissing(facts)) return [];
    return [
      {
        title: 'The clock has stopped',
        cause: `The scheduler is switched on and has planned nothing since ${minute(facts.plannedTo)}: its tick, each minute, does not come or does not get through.`,
        evidence: [
          `Planned up to ${minute(facts.plannedTo)}, ${Math.round((facts.at - facts.plannedTo) / 60_000)} minutes ago.`,
        ],
        advice: [
          say(
            'On AWS, see whether the rule quotron-<stage>-each-minute is enabled, and the log of the function schedule.',
          ),
          say('On a laptop, the clock runs while `npm start` does: start it again.'),
        ],
        sources: runs(facts).map(({ id }) => id),
        weight: 98,
        explains: complaints.filter(isSilence),
      },
    ];
  },
};

const sharedOutage: SystemRule = {
  id: 'own-network',
  find(facts, complaints) {
    const outages = complaints.filter(
      ({ reason, httpStatus, attempted }) =>
        attempted && httpStatus === null && (reason === 'down' || reason === 'timeout'),
    );
    const from = Math.max(...outages.map(({ firstAt }) => firstAt));
    const together = outages.filter(({ firstAt }) => from - firstAt <= atOnceMs);
    const sources = [...new Set(together.map(({ source }) => source.id))];
    const reached = runs(facts).filter((source) => !sources.includes(source.id) && heardSince(source, from));
    if (sources.length < 2 || reached.length >= sources.length) return [];
    return [
      {
        title: `${sources.length} sources went out of reach at once`,
        cause:
          'They fail together and without an answer, so the cause is between us and all of them, not at each: our own network (routes, DNS, a proxy or firewall), or on a laptop the emulator or the simulated upstreams.',
        evidence: together.map(
          ({ source, reason, count, firstAt }) => `${source.id}: ${reason}, ${count} times since ${minute(firstAt)}.`,
        ),
        advice: [
          say('See whether anything outside can be reached from where the scrapers run.'),
          say('On a laptop, stop `npm start` and start it again.'),
          say('Afterwards, heal them together:', `npx quotron recover ${sources.join(' ')} --wait`),
        ],
        sources,
        weight: 95,
        explains: together,
      },
    ];
  },
};

/** Whether the source's servers said anything after an instant. */
function heardSince(source: SourceFacts, at: number): boolean {
  return source.tasks.some(
    (task) =>
      task.at >= at &&
      (task.ok || task.detail?.code === 'http_status' || !['down', 'timeout'].includes(task.reason ?? '')),
  );
}

/** What dead letters of a queue tell of. */
function deadMeans(queue: string): { cause: string; advice: Advice[]; weight: number } {
  const redrive = say(
    `When the cause is gone, put them back: Services page, or POST /api/v1/dead-letters/redrive {"queue": "${queue}"}.`,
  );
  if (queue === 'ingest')
    return {
      cause:
        'Raw answers could not be read in five tries: their blobs are missing or damaged, or the messages are none of ours. Their runs have no rows.',
      advice: [
        say('Look at the messages: each names its blob.'),
        say('A blob that is damaged is asked for anew by the next run.'),
        redrive,
      ],
      weight: 65,
    };
  if (queue.startsWith('scrape-'))
    return {
      cause: `The worker of ${queue.slice('scrape-'.length)} crashed five times on a task, or ran out of time: a fault of ours, not of the source.`,
      advice: [say('Look for errors in the log of the scraper.'), redrive],
      weight: 60,
    };
  return {
    cause: 'Messages failed five times: they are malformed, or the function that reads them fails.',
    advice: [say('Look for errors in the log of the function that reads the queue.'), redrive],
    weight: 50,
  };
}

const deadLetters: SystemRule = {
  id: 'dead-letters',
  find: (facts) =>
    (facts.queues ?? []).flatMap(({ name, dead }) => {
      if (dead === 0) return [];
      const means = deadMeans(name);
      return [
        {
          ...means,
          title: `${dead} dead ${dead === 1 ? 'letter' : 'letters'} in the queue ${name}`,
          evidence: [],
          sources: name.startsWith('scrape-') ? [name.slice('scrape-'.length)] : [],
        },
      ];
    }),
};

const overdueTasks: SystemRule = {
  id: 'tasks-without-outcome',
  find(facts, complaints) {
    const stuck = facts.sources.filter(
      (source) => source.overdue > 0 && !complaints.some((each) => each.source.id === source.id && isSilence(each)),
    );
    const standsStill = facts.services.some(({ id, running }) => !running && id !== 'proxy') || ticksAreMissing(facts);
    if (stuck.length === 0 || standsStill) return [];
    return [
      {
        title: 'Tasks have no outcome',
        cause:
          'They were due long ago and nobody tells how they went: a queue, the workers or the ingest are stuck, or the monitor is.',
        evidence: [...stuck.map((source) => `${source.id}: ${source.overdue} tasks.`), ...waiting(facts)],
        advice: [
          say('See the queues:', 'npx quotron status'),
          say('Look for errors in the logs of scrapers, ingest and monitor.'),
        ],
        sources: stuck.map(({ id }) => id),
        weight: 70,
      },
    ];
  },
};

const quotasNearlyUsed: SystemRule = {
  id: 'quota-nearly-used',
  find: (facts, complaints) =>
    runs(facts).flatMap((source) => {
      const { used, limit } = source.quota.day;
      const told = complaints.some(
        ({ source: of, reason }) => of.id === source.id && /^(rate_limited|quota_exhausted)$/.test(reason),
      );
      if (told || used < nearlyUsed * limit) return [];
      return [
        {
          title: `${source.title} has used most of its day`,
          cause: `${used} of ${limit} requests of this UTC day are used. When they are gone it is not asked before midnight UTC.`,
          evidence: [],
          advice: [say('If it is gone each day, ask for fewer symbols or less often.')],
          sources: [source.id],
          weight: 20,
        },
      ];
    }),
};

const failingProxy: SystemRule = {
  id: 'proxy-fails',
  find({ proxy: { id, pause, incidents, recoveries }, services, at }) {
    const stopped = services.some((service) => service.id === 'proxy' && !service.running);
    const open = incidents.filter((incident) => incident.resolvedAt === null);
    const [latest] = recoveries;
    const unhealed = latest?.status === 'failed' && at - latest.requestedAt < dayMs;
    if (stopped || (open.length === 0 && pause === null && !unhealed)) return [];
    return [
      {
        title: 'The Yahoo proxy does not reach Yahoo',
        cause:
          'Yahoo fails its calls: its clients get kept answers, marked stale, for up to four days. Where the source yahoo fails too, the cause is named there.',
        evidence: [
          ...(pause ? [`It calls nobody until ${minute(pause.until)}: ${pause.reason}.`] : []),
          ...open.map(
            ({ reason, count, openedAt }) => `Open incident: ${reason}, ${count} times since ${minute(openedAt)}.`,
          ),
          ...(latest
            ? [
                `Its latest recovery (${minute(latest.requestedAt)}) is ${latest.status}${latest.status === 'failed' && latest.reason ? `: ${latest.reason}` : ''}.`,
              ]
            : []),
        ],
        advice: [
          say('See what it fails of: GET /yahoo/health.'),
          say('Flush it and have it try again:', `npx quotron recover ${id} --wait`),
        ],
        sources: [],
        weight: 30,
      },
    ];
  },
};

const endingCalendars: SystemRule = {
  id: 'calendar-ends',
  find: ({ calendars }) =>
    calendars.length === 0
      ? []
      : [
          {
            title: 'Exchange calendars come to their end',
            cause:
              'Behind its last day a calendar knows no holidays: sources would be asked on closed days, and quiet days taken for faults.',
            evidence: calendars.map(({ id, validThrough }) => `${id} knows the days up to ${validThrough}.`),
            advice: [say('Make the calendars anew, as docs/runbook.md says, and deploy.')],
            sources: [],
            weight: calendars.some(({ daysLeft }) => daysLeft < 0) ? 45 : 15,
          },
        ],
};

const partitions: SystemRule = {
  id: 'partitions',
  find({ partitions: { strays, lastMonth }, at }) {
    const nextMonth = new Date(at + 28 * dayMs).toISOString().slice(0, 7);
    const missing = lastMonth !== null && lastMonth < nextMonth;
    if (strays === 0 && !missing) return [];
    return [
      {
        title: 'The table of quotes lacks partitions',
        cause: 'The function maintain, which makes them each day, has not run or failed.',
        evidence: [
          ...(strays > 0 ? [`${strays >= 1000 ? '1000 or more' : strays} quotes lie in the default partition.`] : []),
          ...(missing ? [`The last month with a partition is ${lastMonth}.`] : []),
        ],
        advice: [
          say(
            'See the log of the function maintain, and invoke it once. docs/runbook.md: Rows in the default partition.',
          ),
        ],
        sources: [],
        weight: 15,
      },
    ];
  },
};

const missingCredentials: SystemRule = {
  id: 'credentials-missing',
  find: (facts) =>
    facts.sources
      .filter((source) => !source.paused && source.credentials?.isSet === false)
      .map((source) => ({
        title: `${source.title} is not in use`,
        cause: 'It needs credentials, and none are set. This is no fault: it is not asked.',
        evidence: [],
        advice: [say('To use it:', `npx quotron credentials set ${source.id}`)],
        sources: [source.id],
        weight: 5,
      })),
};

/** In order: what explains silence before what would only repeat it. */
export const systemRules: readonly SystemRule[] = [
  stoppedServices,
  noTicks,
  sharedOutage,
  deadLetters,
  overdueTasks,
  quotasNearlyUsed,
  failingProxy,
  endingCalendars,
  partitions,
  missingCredentials,
];
