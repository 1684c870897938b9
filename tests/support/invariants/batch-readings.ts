import type { BlobEnvelope, Exchange } from '../../../core/contracts/blob.ts';
import type { Failure } from '../../../core/contracts/failure.ts';
import { keptDetailSchema } from '../../../core/contracts/words/failure-details.ts';
import type { BarSeries } from '../../../core/market/bar-series.ts';
import type { IndexSnapshot } from '../../../core/market/index-snapshot.ts';
import type { ListedQuote } from '../../../core/market/listed-quote.ts';
import { clockToleranceMs } from '../../../core/planning/wrong-clock.ts';
import { BlobError } from '../../../core/ports/raw-store.ts';
import type { RejectedRow } from '../../../core/prices/decision.ts';
import { changeToDecide } from '../../../core/prices/rules/members.ts';
import { staleBehindStoredMs } from '../../../core/prices/thresholds.ts';
import { verdictOf } from '../../../core/prices/verdict.ts';
import { knownSource } from '../../../core/sources/catalogue.ts';
import type { Parsed } from '../../../core/sources/parser.ts';
import { enrich, resolveBy } from '../../../functions/ingest/enrich-answer.ts';
import { parserFor } from '../../../functions/ingest/import-parser.ts';
import { type Aliases, aliasesOf, candidatePriors } from './evidence.ts';
import { HeldRows } from './held-rows.ts';
import { judgeBars, judgeQuotes } from './judge-rows.ts';
import type { Envelopes } from './kept-blobs.ts';
import type { StoredBatch, StoredQuoteFinding, StoredRows } from './stored-rows.ts';

/** What a batch must have made of its blob. */
export interface BatchReading {
  readonly batch: StoredBatch;
  readonly quotes: readonly ListedQuote[];
  /** Stored, and not served. */
  readonly wrong: readonly ListedQuote[];
  readonly bars: readonly BarSeries[];
  readonly snapshots: readonly IndexSnapshot[];
  readonly rejected: readonly RejectedRow[];
  /** The rejected rows, and the wrong ones as such. */
  readonly notServed: readonly RejectedRow[];
  readonly verdict: Pick<ReturnType<typeof verdictOf>, 'status' | 'reason' | 'detail'>;
}

/**
 * Reads the blobs of all batches again, with the product's parsers. Whether a row is accepted depends on what was stored
 * when it came, so there the quarantine is believed, as far as something that was stored explains it: every row of a blob
 * must be accepted or held back, rightly and once. Adds what is wrong to `breaches`.
 */
export async function batchReadings(
  stored: StoredRows,
  envelopes: Envelopes,
  find: typeof knownSource | undefined,
  breaches: string[],
): Promise<BatchReading[]> {
  const aliases = aliasesOf(stored);
  const priors = candidatePriors(stored);
  const heldOf = Map.groupBy(stored.held, (row) => row.batchId);
  const readings: BatchReading[] = [];
  const lists: MemberLists = new Map();
  for (const batch of stored.batches) {
    const envelope = envelopes.get(batch.blobKey);
    // Said elsewhere.
    if (!envelope) continue;
    if (envelope instanceof BlobError) {
      readings.push(unreadable(batch, envelope));
      continue;
    }
    const heldRows = heldOf.get(batch.id) ?? [];
    const held = new HeldRows(heldRows);
    const wrong = { findings: stored.quoteFindings, notServed: batch.rejected - heldRows.length };
    const found: string[] = [];
    readings.push(await readBatch(batch, envelope, { held, aliases, priors, find, wrong, lists }, found));
    for (const left of held.left())
      found.push(`${left.path} is in quarantine once too often, or for no row of the blob (${left.reason})`);
    breaches.push(...found.map((each) => `batch ${batch.id} (${batch.blobKey}): ${each}`));
  }
  return readings;
}

/** A blob that cannot be read for good ends its task with that, without rows. One that another release can read is not read. */
function unreadable(batch: StoredBatch, { code }: BlobError): BatchReading {
  const detail = code === null ? null : { code };
  const verdict = { status: 'failed', reason: 'unexplained', detail } as const;
  return { batch, quotes: [], wrong: [], bars: [], snapshots: [], rejected: [], notServed: [], verdict };
}

async function readBatch(
  batch: StoredBatch,
  envelope: BlobEnvelope,
  of: {
    held: HeldRows;
    aliases: Aliases;
    priors: ReturnType<typeof candidatePriors>;
    find: typeof knownSource | undefined;
    wrong: { readonly findings: readonly StoredQuoteFinding[]; readonly notServed: number };
    lists: MemberLists;
  },
  breaches: string[],
): Promise<BatchReading> {
  const { held, priors } = of;
  const parser = await parserFor({ sourceId: batch.sourceId, job: envelope.job }, of.find ?? knownSource);
  if (parser.version !== batch.parserVersion) breaches.push(`was read by version ${batch.parserVersion} of the parser`);
  const answers = lastOfEach(envelope.exchanges).map((exchange) => ({
    exchange,
    parsed: heldBack(parser.parse(envelope.kind, exchange), batch, of.lists, breaches),
    fetchedAt: fetchedBefore(batch, Date.parse(exchange.fetchedAt)),
  }));

  // A symbol that was unknown then may be known by now.
  const unknown = held.unknownSymbols();
  // A listing in another currency may have been opened since, for a time from before.
  const expected = held.expectedCurrencies();
  const resolve = resolveBy((symbol) => {
    const aliases = unknown.has(symbol) ? undefined : of.aliases.get(`${batch.sourceId} ${symbol}`);
    const former = aliases?.filter(({ listing }) => listing.currency === expected.get(symbol)) ?? [];
    return former.length > 0 ? former.map((alias) => ({ ...alias, to: Number.POSITIVE_INFINITY })) : aliases;
  });
  const enriched = answers.map(({ parsed, fetchedAt }, index) =>
    enrich(parsed, fetchedAt, `exchanges[${index}]`, resolve),
  );
  const asked = askedSymbols(answers);
  for (const symbol of unknown)
    if (asked.get(symbol) === 'with a listing') breaches.push(`${symbol} was asked for and is held back as unknown`);

  const rejected: RejectedRow[] = [];
  for (const row of enriched.flatMap((each) => each.rejected)) {
    rejected.push(row);
    if (!held.take(row)) breaches.push(`${row.path} is not in quarantine (${row.reason})`);
  }
  const { right: quotes, wrong } = await judgeQuotes(
    enriched.flatMap((each) => each.quotes),
    { held, priors, source: batch.sourceId, vouched: batch.replay !== null, ...of.wrong },
    rejected,
    breaches,
  );
  const bars = judgeBars(
    enriched.flatMap((each) => each.bars),
    { held, priors, source: batch.sourceId },
    rejected,
    breaches,
  );
  const snapshots = pricedSnapshots(
    enriched.flatMap((each) => each.constituents),
    quotes,
  );
  const notServed = [...rejected, ...wrong.map((row) => asRejected(row, of.wrong.findings))];
  const failures = answers.flatMap(({ parsed }): Failure[] => (parsed.failure ? [parsed.failure] : []));
  const verdict = verdictOf({
    kind: envelope.kind,
    exchanges: answers.length,
    failures,
    accepted: quotes.length + bars.reduce((sum, series) => sum + series.bars.length, 0),
    rejected: notServed,
    missing: answers.reduce((sum, { parsed }) => sum + parsed.missing.length, 0),
    stale: batch.reason === 'stale' && mayBeStale(quotes, batch.sourceId, priors),
  });
  return { batch, quotes, wrong, bars, snapshots, rejected, notServed, verdict };
}

/** The symbols of the lists that were read last, by source and index. */
type MemberLists = Map<string, readonly string[]>;

/**
 * What is left of an answer whose list of members was held back. Who was known then cannot be said any more, so there the
 * batch is believed, as far as the list differs from the one before it.
 */
function heldBack(parsed: Parsed, batch: StoredBatch, lists: MemberLists, breaches: string[]): Parsed {
  const [list] = parsed.constituents ?? [];
  if (!list) return parsed;
  const key = `${batch.sourceId} ${list.index.symbol}`;
  const now = list.members.map(({ subject }) => subject.symbol);
  const detail = keptDetailSchema.parse(batch.detail);
  if (detail.code !== 'members_changed') {
    lists.set(key, now);
    return parsed;
  }
  const last = lists.get(key) ?? [];
  if (changeToDecide(now, { last, accepted: [], known: new Set() }) === null)
    breaches.push(`the members of ${list.index.symbol} are held back, and have not changed`);
  const failure: Failure = { reason: 'implausible', detail, message: '' };
  return { quotes: [], bars: [], rejections: [], failure, missing: [list.index.symbol] };
}

/** A wrong row as one that is not served, as far as counts and reasons go. */
function asRejected(row: ListedQuote, findings: readonly StoredQuoteFinding[]): RejectedRow {
  const unit = findings.some(
    (each) => each.rule === 'unit' && each.listingId === row.listing.id && each.at === row.quote.asOf,
  );
  return {
    symbol: row.symbol,
    reason: unit ? 'unit_suspect' : 'implausible_jump',
    finding: { code: 'unspecified' },
    detail: '',
    path: row.path,
    row: null,
    currency: row.quote.currency,
  };
}

/** What a clock that is ahead fetched counts as fetched when it was read, by the clock of the database. */
function fetchedBefore({ ingestedAt }: StoredBatch, fetchedAt: number): number {
  return fetchedAt - ingestedAt > clockToleranceMs ? ingestedAt : fetchedAt;
}

/** Of several requests for the same symbols, the last answer. */
function lastOfEach(exchanges: readonly Exchange[]): Exchange[] {
  const symbolsOf = (exchange: Exchange) => exchange.request.symbols.join('\n');
  return exchanges.filter(
    (exchange, index) => exchanges.findLastIndex((other) => symbolsOf(other) === symbolsOf(exchange)) === index,
  );
}

/** The symbols that a task asks for, and whether the answer names where they are listed: such a one gets a listing. */
function askedSymbols(answers: readonly { exchange: Exchange; parsed: Parsed }[]) {
  const asked = new Set(answers.flatMap(({ exchange }) => exchange.request.symbols));
  const subjects = answers.flatMap(({ parsed }) => [
    ...parsed.quotes.map(({ subject }) => subject),
    ...parsed.bars.map(({ subject }) => subject),
    ...(parsed.constituents ?? []).map(({ index }) => index),
  ]);
  return new Map(
    subjects
      .filter(({ symbol }) => asked.has(symbol))
      .map(({ symbol, listing }) => [symbol, listing === null ? 'without a listing' : 'with a listing']),
  );
}

/** Members have a price where it was accepted; a page with no good price says nothing of weights either. */
function pricedSnapshots(snapshots: readonly IndexSnapshot[], accepted: readonly ListedQuote[]): IndexSnapshot[] {
  const priced = new Set(accepted.map(({ listing }) => listing.id));
  if (priced.size === 0) return [];
  return snapshots.map((snapshot) => ({
    ...snapshot,
    members: snapshot.members.map((member) =>
      priced.has(member.listing.id) ? member : { ...member, price: null, previousClose: null },
    ),
  }));
}

/** Whether each row is far behind one that was stored at some time. */
function mayBeStale(
  quotes: readonly ListedQuote[],
  source: string,
  priors: ReturnType<typeof candidatePriors>,
): boolean {
  return (
    quotes.length > 0 &&
    quotes.every(({ listing, quote }) =>
      priors.own(listing.id, source).some((prior) => prior.asOf - quote.asOf > staleBehindStoredMs),
    )
  );
}
