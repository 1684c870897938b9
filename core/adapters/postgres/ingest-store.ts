import * as z from 'zod';
import type { Evidence, IngestStore } from '../../ports/ingest-store.ts';
import { sourceOf } from '../../sources/catalogue.ts';
import { storeBars } from './bar-store.ts';
import { closeBatch, findBatch, openBatch } from './batch-store.ts';
import { type RankOf, storeConsolidation } from './consolidation-store.ts';
import { findAliases, registerListings } from './listing-store.ts';
import { inTransaction, type Pool } from './pool.ts';
import { lockLatest, otherPrices, storeQuotes } from './quote-store.ts';

const flagRow = z.object({ running: z.boolean() });

/**
 * The ingest store on Postgres. One transaction for each batch:
 *
 *   1. open the batch; a blob that was read before ends here
 *   2. lock and read the latest row of each listing
 *   3. decide, outside the database
 *   4. quotes with their latest rows, bars, corporate actions
 *   5. counts, statistics, quarantine, events, the task's end
 *   6. which source is the price, under the one lock that all sources share
 */
export function postgresIngestStore(pool: Pool, rankOf: RankOf = catalogueRank): IngestStore {
  return {
    async running() {
      const { rows } = await pool.query("SELECT running FROM service_state WHERE service_id = 'ingest'");
      return rows.length === 0 || flagRow.parse(rows[0]).running;
    },
    aliases: (sourceId, symbols) => findAliases(pool, sourceId, symbols),
    register: (sourceId, newcomers) => registerListings(pool, sourceId, newcomers),
    store: (header, listingIds, decide) =>
      inTransaction(pool, async (db) => {
        const batchId = await openBatch(db, header);
        if (batchId === null) {
          const { id, accepted, rejected } = await findBatch(db, header);
          return { batchId: id, repeated: true, accepted, rejected, written: 0, revised: 0 };
        }
        const evidence: Evidence = {
          priors: listingIds.length > 0 ? await lockLatest(db, header.sourceId, listingIds) : new Map(),
          otherPrices: (ids) => otherPrices(db, header.sourceId, ids),
        };
        const decision = await decide(evidence);

        const quotes = await storeQuotes(db, header.sourceId, batchId, decision.quotes);
        const bars = await storeBars(db, header.sourceId, batchId, decision.bars);
        const counts = {
          accepted: decision.quotes.length + decision.bars.reduce((sum, series) => sum + series.bars.length, 0),
          rejected: decision.rejected.length,
          written: quotes.written + bars.written,
          revised: quotes.revised + bars.revised,
        };
        await closeBatch(db, header, batchId, decision, counts);
        if (decision.quotes.length > 0)
          await storeConsolidation(
            db,
            header.sourceId,
            [...new Set(decision.quotes.map((row) => row.listing.id))],
            rankOf,
          );
        return { batchId, repeated: false, ...counts };
      }),
  };
}

const catalogueRank: RankOf = (sourceId, assetClass) => sourceOf(sourceId)?.rank[assetClass] ?? 0;
