/**
 * Reads one raw blob into the database.
 *
 *   1. is the service switched on? If not, a copy of the message is queued with a delay. It is not failed: five failures
 *      make a dead letter, and a service may be stopped for days
 *   2. read the blob. One that is damaged or too large ends its task with that, one that is gone a replay
 *   3. parse each answer in it
 *   4. enrich: what each symbol means; symbols that were asked for and are new are registered
 *   5. what they are called: a symbol under quite another name may mean another instrument
 *   6. check, decide, store: one transaction. An answer from the future was fetched by a clock that is wrong, and counts as
 *      fetched now
 *   7. tell the monitor of a failure, of a trial of the source and of its first success: all else it finds with its next tick
 *
 * Everything may happen twice, or twice at once: the batch of a blob is stored once.
 */
import type { BlobEnvelope, Exchange } from '../../core/contracts/blob.ts';
import type { IngestMessage, OutcomeMessage } from '../../core/contracts/messages.ts';
import { stoppedDelaySeconds } from '../../core/contracts/queues.ts';
import { isImport } from '../../core/contracts/words/imports.ts';
import type { BarSeries } from '../../core/market/bar-series.ts';
import type { IndexSnapshot } from '../../core/market/index-snapshot.ts';
import type { Alias, NewListing } from '../../core/market/instrument.ts';
import type { ListedQuote } from '../../core/market/listed-quote.ts';
import { clockToleranceMs } from '../../core/planning/wrong-clock.ts';
import {
  type BatchHeader,
  DatabaseReplacedError,
  type IngestStore,
  type StoredBatch,
} from '../../core/ports/ingest-store.ts';
import type { MessageQueue } from '../../core/ports/message-queue.ts';
import { BlobError, type RawStore } from '../../core/ports/raw-store.ts';
import { checkQuotes } from '../../core/prices/check-quotes.ts';
import { type Decision, fetchedBy, type ListedFinding } from '../../core/prices/decision.ts';
import type { Evidence } from '../../core/prices/evidence.ts';
import { type JudgedBars, judgeBars } from '../../core/prices/judge-bars.ts';
import { barStatistics, quoteStatistics } from '../../core/prices/statistics.ts';
import { earliestTime, futureToleranceMs } from '../../core/prices/thresholds.ts';
import { isStaleAtFetch, verdictOf } from '../../core/prices/verdict.ts';
import { ingestQueueOf, knownSource } from '../../core/sources/catalogue.ts';
import type { SourceDefinition } from '../../core/sources/definition.ts';
import { guardedReads } from '../../core/sources/guard.ts';
import type { Parsed, SourceParser, Subject } from '../../core/sources/parser.ts';
import { otherCurrencies, subjectsOf } from './answered-symbols.ts';
import { type Enriched, enrich, resolveBy } from './enrich-answer.ts';
import { type HeldLists, holdLists } from './hold-lists.ts';
import { parserFor } from './import-parser.ts';
import { movedVenues } from './moved-venues.ts';
import { namesToJudge } from './said-names.ts';
import { seenSymbols, unknownSymbols } from './seen-symbols.ts';

export interface IngestDependencies {
  readonly rawStore: RawStore;
  readonly store: IngestStore;
  readonly queue: MessageQueue;
  /** Finds a source by its id: in the catalogue, unless given. */
  readonly sourceOf?: (id: string) => SourceDefinition;
  /** Hears by how many milliseconds an answer was fetched ahead of the database's clock. */
  readonly fetchedAhead?: (ms: number) => void;
}

/** Aliases are cached this long in a warm container; a manual change takes effect afterwards. */
const aliasTtlMs = 10 * 60_000;

/** Maximum number of cached symbols: a few hundred bytes each. */
const mostAliases = 100_000;

type AliasIndex = Map<string, readonly Alias[]>;

/**
 * Makes the use case. It gives the batch, or `null` when the service is stopped and the blob waits. Create it once per
 * container, because it caches aliases.
 */
export function ingestBlobs({ rawStore, store, queue, sourceOf = knownSource, fetchedAhead }: IngestDependencies) {
  const remembered = new Map<string, { readonly since: number; readonly aliases: AliasIndex }>();
  let rememberedOf: string | null = null;

  return async function ingestBlob(message: IngestMessage): Promise<StoredBatch | null> {
    if (!(await store.standing()).running) {
      await queue.send(ingestQueueOf(message.sourceId), [message], stoppedDelaySeconds);
      return null;
    }
    const parser = await parserFor(message, sourceOf);
    const envelope = await read(message);
    const stored =
      envelope instanceof BlobError
        ? await store.store(headerOf(message, parser.version, sourceOf), [], async () => unreadable(envelope))
        : await readAnswers(message, parser, envelope);
    // Read before, it may have failed between storing and telling.
    if ((stored.urgent || stored.repeated) && !isImport(message.sourceId)) {
      const { runId, part, sourceId } = message;
      const outcome: OutcomeMessage = { stage: 'ingest', runId, part, sourceId, batchId: stored.batchId };
      await queue.send('outcomes', [outcome]);
    }
    return stored;
  };

  /**
   * The envelope, or what is wrong with it for good. One that looks damaged is read twice, since a download may be cut. That
   * one is missing ends a replay and an import, of which a person hears; any other message is tried again.
   */
  async function read(message: IngestMessage, again = true): Promise<BlobEnvelope | BlobError> {
    try {
      const envelope = await rawStore.get(message.blobKey);
      requireSameTask(envelope, message);
      return envelope;
    } catch (error) {
      if (!(error instanceof BlobError)) throw error;
      if (error.code === null) {
        if (!isImport(message.sourceId)) throw error;
        // A person has written it so: neither another try nor another release can read it.
        return new BlobError(error.message, 'blob_damaged');
      }
      if (error.code === 'blob_missing' && !message.replay && !isImport(message.sourceId)) throw error;
      return error.code === 'blob_damaged' && again ? read(message, false) : error;
    }
  }

  async function readAnswers(
    message: IngestMessage,
    parser: SourceParser,
    envelope: BlobEnvelope,
  ): Promise<StoredBatch> {
    const exchanges = withoutRepeated(envelope.exchanges);
    const answers = guardedReads(() =>
      exchanges.map((exchange): Answer => {
        const parsed = parser.parse(message.kind, exchange);
        // A person has brought an import: each symbol in it is wanted.
        const asked = isImport(message.sourceId) ? subjectsOf(parsed) : exchange.request.symbols;
        return { fetchedAt: Date.parse(exchange.fetchedAt), asked, parsed };
      }),
    );
    const latest = await latestFetch(answers);
    const storeAll = async () => {
      const held = await holdAll(message.sourceId, answers);
      return storeAnswers(message, parser.version, held.answers, latest, held.findings);
    };
    return storeAll().catch((error: unknown) => {
      if (!(error instanceof DatabaseReplacedError)) throw error;
      return storeAll();
    });
  }

  /** The answers without lists of members that a person has to decide on. */
  async function holdAll(sourceId: string, answers: readonly Answer[]) {
    const { toCanonical } = sourceOf(sourceId);
    const held: HeldLists[] = [];
    for (const answer of answers)
      held.push(await holdLists(answer.parsed, toCanonical, (...asked) => store.members(sourceId, ...asked)));
    return {
      answers: answers.map((answer, at): Answer => ({ ...answer, parsed: held[at]?.parsed ?? answer.parsed })),
      findings: held.flatMap(({ findings }) => findings),
    };
  }

  /** The database's time where an answer was fetched after it by a clock that is wrong: it counts as fetched then. */
  async function latestFetch(answers: readonly Answer[]): Promise<number> {
    const newest = Math.max(...answers.map(({ fetchedAt }) => fetchedAt));
    const isAhead = async (fresh: boolean) => newest - (await store.standing(fresh)).clock > clockToleranceMs;
    if (!(await isAhead(false)) || !(await isAhead(true))) return Number.POSITIVE_INFINITY;
    const { clock } = await store.standing();
    fetchedAhead?.(newest - clock);
    return Math.floor(clock);
  }

  async function storeAnswers(
    message: IngestMessage,
    parserVersion: string,
    answers: readonly Answer[],
    latest: number,
    memberFindings: readonly ListedFinding[],
  ): Promise<StoredBatch> {
    const { epoch } = await store.standing();
    if (epoch !== rememberedOf) remembered.clear();
    rememberedOf = epoch;
    const aliases = await learn(message.sourceId, answers);
    const resolve = resolveBy((symbol) => aliases.get(symbol));
    const enrichAll = () =>
      answers.map(({ parsed, fetchedAt }, index) => enrich(parsed, fetchedAt, `exchanges[${index}]`, resolve));
    let enriched = enrichAll();
    const nameFindings: ListedFinding[] = [];
    // An import says of no symbol that it means something else now.
    const isImported = isImport(message.sourceId);
    // What is read again was said of another time.
    const moved = message.replay || isImported ? [] : movedVenues(answers, aliases, latest);
    if (moved.length > 0) {
      const now = await store.moveVenues(message.sourceId, moved);
      for (const [symbol, meaning] of now.aliases) aliases.set(symbol, meaning);
      nameFindings.push(...now.findings);
      enriched = enrichAll();
    }
    const names = isImported ? [] : namesToJudge(answers, aliases, latest);
    if (names.length > 0) {
      const judged = await store.judgeNames(message.sourceId, names);
      for (const [symbol, meaning] of judged.aliases) aliases.set(symbol, meaning);
      nameFindings.push(...judged.findings);
      enriched = enrichAll();
    }
    const changed = isImported ? [] : otherCurrencies(enriched);
    if (changed.length > 0) {
      const fetchedAt = Math.min(latest, ...answers.map((answer) => answer.fetchedAt));
      const opened = await store.openCurrencies(message.sourceId, changed, fetchedAt);
      for (const [symbol, meaning] of opened) aliases.set(symbol, meaning);
      if (opened.size > 0) enriched = enrichAll();
    }

    const listingIds = new Set<number>();
    for (const { quotes, bars } of enriched) {
      for (const row of quotes) listingIds.add(row.listing.id);
      for (const series of bars) listingIds.add(series.listing.id);
    }
    return store.store({ ...headerOf(message, parserVersion, sourceOf), epoch }, [...listingIds], async (evidence) => {
      const parsed = answers.map((answer) => answer.parsed);
      return fetchedBy(latest, {
        ...(await decide(message, parsed, enriched, evidence)),
        unknown: message.kind === 'bars' ? unknownSymbols(answers) : [],
        nameFindings,
        memberFindings,
      });
    });
  }

  /** The aliases of the symbols. Looks up those that are not cached, and registers new ones that were requested. */
  async function learn(sourceId: string, answers: readonly Answer[]): Promise<AliasIndex> {
    const { toCanonical } = sourceOf(sourceId);
    const aliases = memoryOf(sourceId);
    const unknown = new Map<string, Subject>();
    for (const { parsed } of answers) {
      for (const { subject } of parsed.quotes) if (!aliases.has(subject.symbol)) unknown.set(subject.symbol, subject);
      for (const { subject } of parsed.bars) if (!aliases.has(subject.symbol)) unknown.set(subject.symbol, subject);
      for (const { index } of parsed.constituents ?? [])
        if (!aliases.has(index.symbol)) unknown.set(index.symbol, index);
    }
    if (unknown.size === 0) return aliases;
    const keep = (found: ReadonlyMap<string, readonly Alias[]>) => {
      for (const [symbol, meaning] of found) {
        aliases.set(symbol, meaning);
        unknown.delete(symbol);
      }
    };
    keep(await store.aliases(sourceId, [...unknown.keys()]));
    const asked = new Set(answers.flatMap((answer) => answer.asked));
    // A request for an index is a request for its members.
    for (const { parsed } of answers)
      for (const { index, members } of parsed.constituents ?? [])
        if (asked.has(index.symbol)) for (const { subject } of members) asked.add(subject.symbol);
    const newListings: NewListing[] = [...unknown.values()]
      .filter((subject) => asked.has(subject.symbol))
      .map((subject) => ({ ...subject, canonical: toCanonical(subject.symbol) }));
    if (newListings.length > 0) keep(await store.register(sourceId, newListings));
    return aliases;
  }

  function memoryOf(sourceId: string): AliasIndex {
    const known = remembered.get(sourceId);
    if (known && performance.now() - known.since < aliasTtlMs && known.aliases.size < mostAliases) return known.aliases;
    const aliases: AliasIndex = new Map();
    remembered.set(sourceId, { since: performance.now(), aliases });
    return aliases;
  }
}

interface Answer {
  readonly fetchedAt: number;
  readonly asked: readonly string[];
  readonly parsed: Parsed;
}

function headerOf(
  message: IngestMessage,
  parserVersion: string,
  sourceOf: (id: string) => SourceDefinition,
): BatchHeader {
  const { blobKey, runId, part, attempt, sourceId, kind, replay } = message;
  const { interval, lookbackDays, backfillDays } = sourceOf(sourceId).jobs.find(({ id }) => id === message.job) ?? {};
  const window = interval && { interval, days: (backfillDays && lookbackDays) ?? null };
  return { blobKey, runId, part, attempt, sourceId, kind, parserVersion, window, replay: replay?.id };
}

/** On a blob that nobody can read: there are no rows, and its task ends with that. */
function unreadable({ code, message }: BlobError): Decision {
  const verdict = {
    status: 'failed',
    reason: 'unexplained',
    detail: { code: code ?? 'blob_damaged' },
    message,
  } as const;
  return { quotes: [], bars: [], rejected: [], statistics: [], verdict };
}

/** All decisions on a blob, from its content and what is stored. */
async function decide(
  message: IngestMessage,
  answers: readonly Parsed[],
  enriched: readonly Enriched[],
  evidence: Evidence,
): Promise<Decision> {
  const quotes = await checkQuotes(
    enriched.flatMap((each) => each.quotes),
    evidence,
    new Set(message.replay?.believe),
  );
  const series = await judged(onePerListing(enriched.flatMap((each) => each.bars)), evidence);
  const bars = series.map((each) => each.accepted);
  const rejected = [
    ...enriched.flatMap((each) => each.rejected),
    ...quotes.rejected,
    ...series.flatMap((each) => each.rejected),
  ];
  const notServed = [...rejected, ...quotes.wrong.map((each) => each.rejected)];
  const snapshots = withCheckedPrices(
    enriched.flatMap((each) => each.constituents),
    quotes.accepted,
  );
  return {
    quotes: quotes.accepted,
    wrongQuotes: quotes.wrong,
    quoteFindings: quotes.findings,
    clearedQuotes: quotes.cleared,
    bars,
    constituents: snapshots,
    ...(message.kind !== 'bars' && { seen: seenSymbols(answers, quotes.accepted, snapshots.length > 0) }),
    judged: series.flatMap((each) => each.judged ?? []),
    answered: series.flatMap((each) => each.answered ?? []),
    rejected,
    statistics: message.kind === 'bars' ? barStatistics(bars, rejected) : quoteStatistics(quotes.accepted, notServed),
    verdict: verdictOf({
      kind: message.kind,
      exchanges: answers.length,
      failures: answers.flatMap(({ failure }) => failure ?? []),
      accepted: quotes.accepted.length + bars.reduce((sum, each) => sum + each.bars.length, 0),
      rejected: notServed,
      missing: answers.reduce((sum, { missing }) => sum + missing.length, 0),
      // A file of the past is meant to be old.
      stale: !isImport(message.sourceId) && (await isStaleAtFetch(quotes.accepted, evidence)),
    }),
  };
}

/** The bars of a blob, judged by what is stored of them. */
async function judged(series: readonly BarSeries[], evidence: Evidence): Promise<JudgedBars[]> {
  const spans = series.flatMap(({ listing, bars, fetchedAt }) => {
    const interval = bars[0]?.interval;
    const times = bars
      .map((bar) => bar.startsAt)
      .filter((at) => at >= earliestTime && at <= fetchedAt + futureToleranceMs);
    return interval === undefined || times.length === 0
      ? []
      : [{ listingId: listing.id, interval, from: Math.min(...times), to: Math.max(...times), fetchedAt }];
  });
  const stored = spans.length > 0 ? await evidence.storedSeries?.(spans) : undefined;
  const found: JudgedBars[] = [];
  for (const each of series) {
    const known = stored?.get(`${each.listing.id} ${each.bars[0]?.interval}`);
    found.push(judgeBars(each, evidence.priors.get(each.listing.id), known));
    await evidence.rest?.();
  }
  return found;
}

/** Snapshots with the prices that passed the checks. If no price of a page passed, its weights are rejected too. */
function withCheckedPrices(snapshots: readonly IndexSnapshot[], accepted: readonly ListedQuote[]): IndexSnapshot[] {
  if (snapshots.length === 0 || accepted.length === 0) return [];
  const priced = new Set(accepted.map((row) => row.listing.id));
  return snapshots.map((snapshot) => ({
    ...snapshot,
    members: snapshot.members.map((member) =>
      priced.has(member.listing.id) ? member : { ...member, price: null, previousClose: null },
    ),
  }));
}

/** Of a request that was repeated with a new session, only the last answer counts. */
function withoutRepeated(exchanges: readonly Exchange[]): Exchange[] {
  const last = new Map(exchanges.map((exchange, index) => [exchange.request.symbols.join('\n'), index]));
  return exchanges.filter((exchange, index) => last.get(exchange.request.symbols.join('\n')) === index);
}

/** Of several answers on one listing, the one that was fetched last. */
function onePerListing(series: readonly BarSeries[]): BarSeries[] {
  const latest = new Map<string, BarSeries>();
  for (const each of series) {
    const key = `${each.listing.id} ${each.bars[0]?.interval ?? ''}`;
    const other = latest.get(key);
    if (!other || each.fetchedAt > other.fetchedAt) latest.set(key, each);
  }
  return [...latest.values()];
}

/** A message must not assign one task's blob to another task. */
function requireSameTask(envelope: BlobEnvelope, message: IngestMessage): void {
  const same =
    envelope.runId === message.runId &&
    envelope.part === message.part &&
    envelope.attempt === message.attempt &&
    envelope.sourceId === message.sourceId &&
    envelope.kind === message.kind;
  if (!same)
    throw new BlobError(`Blob ${message.blobKey} belongs to another task than its message says; it is not read.`);
}
