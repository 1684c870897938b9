/** Who a fault affects: which symbols, where they trade, who gave a price of them all the same, how old the others became. */
import type { Affected, Ended } from '../contracts/http/diagnostics.ts';
import { causeOf } from '../contracts/words/causes.ts';
import { type Complaint, complaintsOf } from './complaints.ts';
import type { DiagnosisFacts, IncidentFact, ServedPrice, SourceFacts, TaskFact } from './facts.ts';

const mostNames = 5;
const mostMarkets = 3;
const mostOthers = 3;
const minuteMs = 60_000;
/** As long as sources of prices may have between two rounds. */
const turnMs = 5 * minuteMs;

/** The symbols whose served prices a report has to know. */
export function symbolsOfFaults(sources: readonly SourceFacts[]): { sourceId: string; symbol: string }[] {
  return sources.flatMap((source) => {
    const now = complaintsOf(source).flatMap(({ symbols }) => symbols.names);
    const ended = endedIncidents(source).flatMap((incident) => symbolsOf(failuresOf(source, incident)));
    return [...new Set([...now, ...ended])].map((symbol) => ({ sourceId: source.id, symbol }));
  });
}

/** Who a complaint affects; `null` where nothing was requested. */
export function affectedBy({ source, jobs, symbols, firstAt }: Complaint, facts: DiagnosisFacts): Affected | null {
  if (symbols.asked === 0) return null;
  const known = ofSource(source, symbols.names, facts);
  const isOfQuotes = jobs.some((job) => source.quoteJobs.includes(job));
  return {
    ...placesOf(symbols, known),
    served: isOfQuotes && known.length > 0 ? servedOf(source, known, firstAt, facts) : null,
  };
}

/** The faults that are over, newest first. */
export function endedFaults(facts: DiagnosisFacts): Ended[] {
  return facts.sources
    .flatMap((source) => endedIncidents(source).map((incident) => endedFault(source, incident, facts)))
    .sort((a, b) => b.resolvedAt.localeCompare(a.resolvedAt));
}

type EndedIncident = IncidentFact & { readonly resolvedAt: number };

function endedIncidents({ incidents }: SourceFacts): EndedIncident[] {
  return incidents.flatMap((incident) =>
    incident.resolvedAt === null ? [] : [{ ...incident, resolvedAt: incident.resolvedAt }],
  );
}

function endedFault(source: SourceFacts, incident: EndedIncident, facts: DiagnosisFacts): Ended {
  const { reason, openedAt, resolvedAt, samples } = incident;
  const failures = failuresOf(source, incident);
  const names = symbolsOf(failures);
  const known = ofSource(source, names, facts);
  const jobs = new Set(failures.map(({ job }) => job));
  const asked = new Set(
    source.tasks
      .filter(({ job, at }) => jobs.has(job) && at >= openedAt && at <= resolvedAt)
      .flatMap((task) => task.symbols),
  );
  const recovery = source.recoveries.find(
    ({ status, requestedAt, finishedAt }) =>
      status === 'verified' && requestedAt >= openedAt && (finishedAt ?? resolvedAt) <= resolvedAt + minuteMs,
  );
  const isOfQuotes = [...jobs].some((job) => source.quoteJobs.includes(job));
  return {
    sourceId: source.id,
    title: source.title,
    reason,
    cause: causeOf(reason, samples.at(-1)?.detail ?? null),
    openedAt: instant(openedAt),
    resolvedAt: instant(resolvedAt),
    minutes: minutesOf(resolvedAt - openedAt),
    symbols:
      names.length === 0
        ? null
        : {
            ...placesOf({ hit: names.length, asked: asked.size, names }, known),
            served: isOfQuotes && known.length > 0 ? servedThen(source, known, incident) : null,
          },
    recovery: recovery ? { status: recovery.status, requestedAt: instant(recovery.requestedAt) } : null,
  };
}

function failuresOf(source: SourceFacts, { reason, openedAt, resolvedAt }: EndedIncident): TaskFact[] {
  return source.tasks.filter(
    (task) => !task.ok && task.reason === reason && task.at >= openedAt && task.at <= resolvedAt,
  );
}

function symbolsOf(tasks: readonly TaskFact[]): string[] {
  return [...new Set(tasks.flatMap((task) => task.symbols))];
}

function ofSource(source: SourceFacts, names: readonly string[], facts: DiagnosisFacts): ServedPrice[] {
  const wanted = new Set(names);
  return facts.served.filter(({ sourceId, symbol }) => sourceId === source.id && wanted.has(symbol));
}

function placesOf(
  { hit, asked, names }: { hit: number; asked: number; names: readonly string[] },
  known: readonly ServedPrice[],
) {
  const canonical = new Map(known.map((each) => [each.symbol, each.canonical]));
  const markets = [...Map.groupBy(known, ({ market }) => market)]
    .map(([name, all]) => ({ name, count: all.length }))
    .sort((a, b) => b.count - a.count || a.name.localeCompare(b.name, 'en'));
  return {
    hit,
    asked,
    names: names.slice(0, mostNames).map((name) => canonical.get(name) ?? name),
    markets: markets.slice(0, mostMarkets),
    otherMarkets: Math.max(0, markets.length - mostMarkets),
  };
}

/** Who gave a price since a fault began, and how old the price of the others has become by now. */
function servedOf(source: SourceFacts, known: readonly ServedPrice[], since: number, { at }: DiagnosisFacts) {
  const alone = known.filter((price) => othersOf(source, price, since).length === 0);
  const ages = alone.flatMap(({ confirmedAt }) =>
    confirmedAt.size === 0 ? [] : [at - Math.max(...confirmedAt.values())],
  );
  return { ...others(source, known, since), oldestMinutes: ages.length === 0 ? null : minutesOf(Math.max(...ages)) };
}

/** The same of a fault that is over: its own prices were as old as the time between its successes. */
function servedThen(source: SourceFacts, known: readonly ServedPrice[], { openedAt, resolvedAt }: EndedIncident) {
  const good = source.tasks.filter(({ ok, job }) => ok && source.quoteJobs.includes(job)).map((task) => task.at);
  const before = good.filter((at) => at < openedAt);
  const after = good.filter((at) => at > openedAt && at <= resolvedAt + minuteMs);
  const found = others(source, known, openedAt);
  const isKnown = before.length > 0 && found.byOthers < known.length;
  const until = after.length === 0 ? resolvedAt : Math.min(...after);
  return { ...found, oldestMinutes: isKnown ? minutesOf(until - Math.max(...before)) : null };
}

function others(source: SourceFacts, known: readonly ServedPrice[], since: number) {
  const found = known.map((price) => othersOf(source, price, since)).filter((each) => each.length > 0);
  const names = [...Map.groupBy(found.flat(), (id) => id)].sort((a, b) => b[1].length - a[1].length);
  return { byOthers: found.length, others: names.slice(0, mostOthers).map(([id]) => id) };
}

/** Who else gave a price since then. One of a moment before counts: sources that work take turns, each in its minutes. */
function othersOf(source: SourceFacts, { confirmedAt }: ServedPrice, since: number): string[] {
  return [...confirmedAt].flatMap(([id, at]) => (id !== source.id && at > since - turnMs ? [id] : []));
}

function minutesOf(ms: number): number {
  return Math.max(0, Math.round(ms / minuteMs));
}

function instant(at: number): string {
  return new Date(at).toISOString();
}
