import type { BatchOrigin } from '../../../contracts/events/words.ts';
import { isImport } from '../../../contracts/words/imports.ts';
import type { PriceRule } from '../../../contracts/words/price-findings.ts';
import { eventsOfBatch } from '../../../events/of-batch.ts';
import {
  type BatchHeader,
  currencyDays,
  DatabaseReplacedError,
  type IngestStore,
  type Standing,
  type StoredBatch,
} from '../../../ports/ingest-store.ts';
import type { Decision } from '../../../prices/decision.ts';
import type { Evidence } from '../../../prices/evidence.ts';
import { isDeadlock, isDuplicateKey } from '../database/error-codes.ts';
import { publish, setOrigin } from '../database/outbox.ts';
import { type Connection, inTransaction, type Pool } from '../database/pool.ts';
import { canonicalSymbols, type SymbolsOf } from '../listings/canonical-symbols.ts';
import { findAliases, registerListings } from '../listings/listing-store.ts';
import { judgeNames, storeNameFindings } from '../listings/name-store.ts';
import { openSaid } from '../listings/validity-store.ts';
import { moveVenues } from '../listings/venue-store.ts';
import { storeAnswered, storeUnknown } from './bar-series.ts';
import { storeBars } from './bar-store.ts';
import { closeBatch, findBatch, openBatch } from './batch-store.ts';
import { openToBars, storeConsolidation } from './consolidation-store.ts';
import { storeConstituents } from './constituent-store.ts';
import { catalogueRank, type RankOf } from './decide.ts';
import { storeFindings } from './finding-store.ts';
import { keepLateBars } from './late-bars.ts';
import { confirmLeft, lockLatest, priorsAt, settle } from './latest-quotes.ts';
import { knownMembers, storeMemberFindings } from './member-store.ts';
import { storeQuoteFindings } from './quote-finding-store.ts';
import { storeQuotes, storeWrongQuotes } from './quote-store.ts';
import { quoteSurroundings } from './quote-surroundings.ts';
import { endReadRepairs, wantRepairs } from './repair-wants.ts';
import { compareSources } from './source-findings.ts';
import { readStanding } from './standing.ts';
import { storedSeries } from './stored-series.ts';
import { withdraw } from './withdraw.ts';

/** A service that is stopped stops within this time; a busy container need not ask for each blob. */
export const standingTtlMs = 1_000;

/** Times a transaction is tried that was in another's way. After them the message waits in its queue. */
const mostAttempts = 3;

/** How long a batch may be judged without a word to the database, which ends a silent transaction after ten seconds. */
const silenceMs = 250;

/** The ingest store on Postgres. Proposals of the rules in `accepts` are accepted without a person. */
export function postgresIngestStore(
  pool: Pool,
  rankOf: RankOf = catalogueRank,
  accepts: readonly PriceRule[] = [],
): IngestStore {
  const symbolsOf = canonicalSymbols();
  let last: (Standing & { readonly readAt: number }) | null = null;
  return {
    async standing(fresh = false) {
      const age = performance.now() - (last?.readAt ?? Number.NEGATIVE_INFINITY);
      if (last && !fresh && age < standingTtlMs) return { ...last, clock: last.clock + age };
      last = { ...(await readStanding(pool)), readAt: performance.now() };
      return last;
    },
    aliases: (sourceId, symbols) => findAliases(pool, sourceId, symbols),
    members: (sourceId, index, symbols) => knownMembers(pool, sourceId, index, symbols),
    register: (sourceId, newcomers) => registerListings(pool, sourceId, newcomers),
    async openCurrencies(sourceId, said, fetchedAt) {
      await openSaid(pool, sourceId, said, fetchedAt, currencyDays);
      return findAliases(
        pool,
        sourceId,
        said.map((each) => each.symbol),
      );
    },
    async moveVenues(sourceId, moved) {
      const findings = await moveVenues(pool, sourceId, moved);
      const symbols = moved.map((each) => each.symbol);
      return { aliases: await findAliases(pool, sourceId, symbols), findings };
    },
    async judgeNames(sourceId, said) {
      const findings = await judgeNames(pool, sourceId, said);
      const symbols = said.map((each) => each.symbol);
      return { aliases: await findAliases(pool, sourceId, symbols), findings };
    },
    async store(header, listingIds, decide) {
      let append = true;
      for (let attempt = 1; ; attempt++) {
        try {
          return await inTransaction(pool, (db) =>
            storeBatch(db, header, listingIds, decide, rankOf, accepts, append, symbolsOf),
          );
        } catch (error) {
          if (error instanceof DatabaseReplacedError) last = null;
          if (attempt === mostAttempts || !(isDuplicateKey(error) || isDeadlock(error))) throw error;
          append &&= !isDuplicateKey(error);
        }
      }
    },
  };
}

/**
 * One transaction:
 *
 *   1. open the batch; a blob that was read before ends here
 *   2. lock and read the latest row of each listing
 *   3. decide, outside the database
 *   4. quotes with their latest rows, what is withdrawn of bars and corporate actions, bars, corporate actions, findings,
 *      what is to be read again, constituents
 *   5. counts, statistics, what the source has of the watch list, events, the task's end, quarantine
 *   6. which source is the price: one batch after the other where sources share a listing
 */
async function storeBatch(
  db: Connection,
  header: BatchHeader,
  listingIds: readonly number[],
  decide: (evidence: Evidence) => Promise<Decision>,
  rankOf: RankOf,
  accepts: readonly PriceRule[],
  append: boolean,
  symbolsOf: SymbolsOf,
): Promise<StoredBatch> {
  const { sourceId } = header;
  const firstListing = listingIds.reduce((least, id) => Math.min(least, id), 2 ** 31 - 1);
  const opened = await openBatch(db, header, firstListing);
  if (opened === null) {
    const { id, accepted, rejected } = await findBatch(db, header);
    return { batchId: id, repeated: true, urgent: false, accepted, rejected, written: 0, revised: 0 };
  }
  const batchId = opened.id;
  const origin = originOf(header, opened.backfill);
  setOrigin(db, origin);
  const priors = listingIds.length > 0 ? await lockLatest(db, sourceId, listingIds) : new Map();
  const decision = await decide({
    priors,
    priorsAt: (fetches) => priorsAt(db, sourceId, fetches),
    storedSeries: (spans) => storedSeries(db, sourceId, spans),
    around: (rows) => quoteSurroundings(db, sourceId, rows),
    rest: resting(db),
  });

  await confirmLeft(db, sourceId, decision.quotes, priors);
  const quotes = await storeQuotes(db, sourceId, batchId, decision.quotes, append ? priors : new Map());
  await settle(db, sourceId, decision.quotes, priors);
  const wrongQuotes = decision.wrongQuotes ?? [];
  const wrong = await storeWrongQuotes(db, sourceId, batchId, wrongQuotes);
  const revised = quotes.revised.length + wrong.revised;
  await storeQuoteFindings(db, sourceId, batchId, decision, revised > 0);
  const answered = decision.answered ?? [];
  const withdrawn = await withdraw(db, sourceId, answered);
  await endReadRepairs(db, sourceId, answered);
  const bars = await storeBars(db, sourceId, batchId, decision.bars);
  await keepLateBars(db, sourceId, batchId, decision.bars, decision.judged ?? []);
  await storeAnswered(db, header, decision.bars);
  await storeUnknown(db, sourceId, decision.unknown ?? []);
  const wrongBars = await storeFindings(db, sourceId, batchId, decision.judged ?? [], accepts);
  await storeNameFindings(db, sourceId, batchId, decision.nameFindings ?? [], accepts);
  await compareSources(db, sourceId, batchId, decision.bars);
  await wantRepairs(db, sourceId, [...bars.stale, ...wrongBars]);
  const constituents = await storeConstituents(db, sourceId, batchId, decision.constituents ?? []);
  const listed = (decision.constituents ?? []).map(({ index }) => index.id);
  await storeMemberFindings(db, sourceId, batchId, decision.memberFindings ?? [], listed);
  const counts = {
    accepted: decision.quotes.length + decision.bars.reduce((sum, series) => sum + series.bars.length, 0),
    rejected: decision.rejected.length + wrongQuotes.length,
    written: quotes.stored.length + quotes.revised.length + wrong.written + bars.written + constituents.written,
    revised: revised + bars.revised + constituents.revised,
  };
  const rejected = [...decision.rejected, ...wrong.unplaced.map((each) => each.rejected)];
  await closeBatch(db, header, batchId, { ...decision, rejected }, counts);
  const stored = {
    ...header,
    ...{ batchId, origin, counts, held: rejected.length > 0, quotes, withdrawn, listingIds },
    bars: { stored: bars.newSeries, revised: bars.revisedSeries },
    actions: bars.actions,
    span: spanOf(decision),
  };
  const symbols = await symbolsOf(db, header.epoch, listingIds);
  publish(
    db,
    eventsOfBatch(stored, (id) => symbols.get(id) ?? ''),
  );
  const priced = new Set(decision.quotes.map((row) => row.listing.id));
  // The newest bar of a source speaks for or against its price.
  const barred = decision.bars.filter((series) => series.bars[0]?.interval === '1d').map((series) => series.listing.id);
  const open = await openToBars(db, barred);
  for (const id of open) priced.add(id);
  if (priced.size > 0) await storeConsolidation(db, sourceId, [...priced], rankOf, open);
  return { batchId, repeated: false, urgent: decision.verdict.status === 'failed' || opened.urgent, ...counts };
}

/** How the rows of a batch came. */
function originOf({ sourceId, replay }: BatchHeader, backfill: boolean): BatchOrigin {
  if (replay !== undefined) return 'replay';
  if (isImport(sourceId)) return 'import';
  return backfill ? 'backfill' : 'live';
}

/** From the first to the last market time of the rows. */
function spanOf({ quotes, bars }: Decision): { from: number; to: number } | null {
  let [from, to] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  const see = (at: number) => {
    from = Math.min(from, at);
    to = Math.max(to, at);
  };
  for (const { quote } of quotes) see(quote.asOf);
  for (const series of bars) for (const bar of series.bars) see(bar.startsAt);
  return from <= to ? { from, to } : null;
}

/** Says a word to the database where none was said for a while. */
function resting(db: Connection): () => Promise<void> {
  let last = performance.now();
  return async () => {
    if (performance.now() - last < silenceMs) return;
    await db.query('SELECT');
    last = performance.now();
  };
}
