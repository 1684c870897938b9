import type { FunctionName } from '../../core/contracts/functions.ts';
import { catalogue } from '../../core/sources/catalogue.ts';
import type { SourceDefinition, SourceJob } from '../../core/sources/definition.ts';

/** How a stage is used: what decides the part of the bill that is not there when nobody does anything. */
export interface Use {
  /** Symbols on the watch list; 0 for a stage that collects nothing. */
  readonly symbols: number;
  /** `session`: the symbols of one exchange with sessions of 6.5 hours; `always`: markets round the clock and the world. */
  readonly hours: 'session' | 'always';
  /** Requests of the API and the proxy in a month. */
  readonly requests: number;
  /** Months after which the bill is looked at: what is stored grows. */
  readonly months: number;
}

/** What a month of use comes to. */
export interface Workload {
  readonly invocations: ReadonlyMap<FunctionName, { readonly count: number; readonly seconds: number }>;
  readonly queueRequests: number;
  /** On the topic, where a batch makes one. */
  readonly events: number;
  readonly puts: number;
  readonly gets: number;
  /** In S3 and in the database, in GB. */
  readonly objectsGb: number;
  readonly rowsGb: number;
}

const minutesPerMonth = 43_800;
const daysPerMonth = 30.4;
const sessionsPerMonth = 21;
const sessionMinutes = 390;

/**
 * Seconds of an invocation, by function: what tests and the local cloud show, rounded up, with a second for a source that
 * answers and eight for a page.
 */
const seconds = {
  schedule: 0.2,
  monitor: 0.25,
  'scrape-api': 1,
  'scrape-browser': 8,
  ingest: 0.15,
  state: 0.03,
  'yahoo-proxy': 0.3,
  maintain: 60,
  'write-exports': 10,
  'relay-events': 0.3,
  'relay-to-kafka': 0.3,
  'evaluate-alerts': 0.1,
  'deliver-alerts': 0.1,
  api: 0.05,
  canary: 2,
} satisfies Partial<Record<FunctionName, number>>;

/** Calls of `state` for a task: to begin, to get permits and a session, to end. */
const statesPerTask = 3;
/** One a week, of that week: ten seconds for twenty symbols. */
const exportsPerMonth = 4;
const symbolsInTen = 20;
/** Send, receive and delete. */
const requestsPerMessage = 3;
/** The task, the blob, the outcome, the bell of the relay, and the event that rules are evaluated on. */
const messagesPerTask = 5;
/** Calls of `state` for a relay: to claim, to acknowledge. */
const statesPerRelay = 2;
/** Rows with their indexes, and what a task leaves in the tables of work: `npm run bench:growth` measures them. */
const quoteBytes = 243;
const bookkeepingBytes = 2_200;
const archivedQuoteBytes = 58.7;
/** Months of prices that stay in the database where no setting says otherwise, and five nights and a week of the one that goes. */
const usualHotMonths = 2;
const hotMonths = usualHotMonths + 0.4;
/** Months of runs with their tasks: 90 days. */
const workMonths = 90 / daysPerMonth;
/** A blob, packed: a third of a kilobyte a symbol. */
const blobBytes = (symbols: number) => 600 + 330 * symbols;

/** What the catalogue's jobs do in a month. Sources that are asked only for what somebody names there are left out. */
export function workloadOf(use: Use, sources: readonly SourceDefinition[] = catalogue): Workload {
  const asked = use.symbols === 0 ? [] : sources.filter(({ onlyWhenNamed }) => !onlyWhenNamed);
  const jobs = asked.flatMap((source) => source.jobs.map((job) => jobOf(source, job, use)));
  const prices = jobs.filter(({ isPrices }) => isPrices);
  const archivedMonths = Math.max(0, use.months - usualHotMonths);
  const sum = (of: (job: JobMonth) => number) => jobs.reduce((total, job) => total + of(job), 0);
  const tasksOf = (kind: SourceDefinition['kind']) => sum((job) => (job.kind === kind ? job.tasks : 0));
  const tasks = sum((job) => job.tasks);
  const heartbeats = minutesPerMonth / 5;
  const invocations = new Map<FunctionName, { count: number; seconds: number }>();
  const add = (name: keyof typeof seconds, count: number) =>
    invocations.set(name, { count, seconds: count * seconds[name] });
  add('schedule', minutesPerMonth);
  // Outcomes come in batches of ten at the most; at a few a minute, one by one.
  add('monitor', minutesPerMonth + tasks);
  add('scrape-api', tasksOf('api'));
  add('scrape-browser', tasksOf('browser'));
  add('ingest', tasks);
  // A bell for each blob at the most, and the tick.
  const relays = minutesPerMonth + tasks;
  // One of them, by where events go.
  add('relay-events', relays);
  add('relay-to-kafka', relays);
  // Events of a batch come one by one; the sender asks once a minute, and seldom has something to send.
  add('evaluate-alerts', minutesPerMonth + tasks);
  add('deliver-alerts', minutesPerMonth);
  add('state', tasks * statesPerTask + heartbeats + relays * statesPerRelay + minutesPerMonth);
  add('yahoo-proxy', heartbeats);
  add('canary', heartbeats);
  add('maintain', daysPerMonth);
  add('write-exports', exportsPerMonth * Math.ceil(use.symbols / symbolsInTen));
  add('api', use.requests);
  return {
    invocations,
    queueRequests: tasks * messagesPerTask * requestsPerMessage,
    events: tasks,
    puts: tasks,
    gets: tasks,
    objectsGb:
      (use.months * sum((job) => job.tasks * blobBytes(job.symbolsPerTask)) +
        archivedMonths * prices.reduce((total, { rows }) => total + rows * archivedQuoteBytes, 0)) /
      1e9,
    rowsGb:
      sum(
        ({ tasks, rows, isPrices }) =>
          Math.min(use.months, workMonths) * tasks * bookkeepingBytes +
          (isPrices ? Math.min(use.months, hotMonths) : use.months) * rows * quoteBytes,
      ) / 1e9,
  };
}

interface JobMonth {
  readonly kind: SourceDefinition['kind'];
  readonly tasks: number;
  readonly symbolsPerTask: number;
  /** Rows that are new: bars of days that are known change nothing. */
  readonly rows: number;
  /** They leave the database for the archive. */
  readonly isPrices: boolean;
}

function jobOf(source: SourceDefinition, job: SourceJob, use: Use): JobMonth {
  const symbols = Math.min(symbolsOf(source, job, use.symbols), job.mostSymbols ?? Number.POSITIVE_INFINITY);
  const runs = runsOf(job, use.hours);
  const tasks = runs * Math.ceil(symbols / job.symbolsPerTask);
  const rows = job.kind === 'quotes' ? runs * symbols : daysPerMonth * symbols;
  const isPrices = job.kind === 'quotes';
  return { kind: source.kind, tasks, symbolsPerTask: Math.min(symbols, job.symbolsPerTask), rows, isPrices };
}

/** The sources with symbols of their own keep them; all others are asked for the watch list. */
function symbolsOf(source: SourceDefinition, job: SourceJob, watched: number): number {
  return source.rank.equity !== undefined && job.kind !== 'constituents' ? watched : job.symbols.length;
}

function runsOf(job: SourceJob, hours: Use['hours']): number {
  // Two times of a day at the most.
  if (job.everySeconds === undefined) return 2 * sessionsPerMonth;
  const always = (minutesPerMonth * 60) / job.everySeconds;
  if (hours === 'always' || !job.inSession) return always;
  const { beforeMinutes, afterMinutes } = job.inSession;
  return Math.ceil(((beforeMinutes + sessionMinutes + afterMinutes) * 60) / job.everySeconds) * sessionsPerMonth;
}
