import { isDeepStrictEqual } from 'node:util';
import { BlobError } from '../../../core/ports/raw-store.ts';
import { barStatistics, quoteStatistics } from '../../../core/prices/statistics.ts';
import type { BatchReading } from './batch-readings.ts';
import type { Envelopes } from './kept-blobs.ts';
import { plain, type StoredRows, type StoredStatistics } from './stored-rows.ts';
import { countByBatch, versionsOf } from './versions.ts';

/** Each blob is read once, and once more for each replay of it; each batch is of a blob that is kept. */
export function blobBreaches(
  stored: StoredRows,
  envelopes: Envelopes,
  waiting: ReadonlySet<string> = new Set(),
): string[] {
  const breaches: string[] = [];
  const batchesOf = Map.groupBy(stored.batches, (batch) => batch.blobKey);
  for (const key of envelopes.keys()) {
    const first = (batchesOf.get(key) ?? []).filter(({ replay }) => replay === null);
    if (first.length === 0 && waiting.has(key)) continue;
    if (first.length !== 1) breaches.push(`blob ${key}: read ${first.length} times`);
  }
  for (const batch of stored.batches) {
    const of = envelopes.get(batch.blobKey);
    if (of === undefined) breaches.push(`batch ${batch.id}: its blob ${batch.blobKey} is not kept`);
    else if (
      !(of instanceof BlobError) &&
      (of.runId !== batch.runId ||
        of.part !== batch.part ||
        of.attempt !== batch.attempt ||
        of.sourceId !== batch.sourceId ||
        of.kind !== batch.kind)
    )
      breaches.push(`batch ${batch.id}: its blob ${batch.blobKey} is of another attempt`);
  }
  for (const { id, blobs } of stored.replays) {
    const read = stored.batches.filter(({ replay }) => replay === id).length;
    if (read !== blobs) breaches.push(`replay ${id}: ${read} of ${blobs} blobs were read`);
  }
  return breaches;
}

/** Counts, reason, newest time, statistics and events of each batch; and that a replay settles what was held back before. */
export function batchBreaches(stored: StoredRows, readings: readonly BatchReading[]): string[] {
  const breaches: string[] = [];
  const statisticsOf = Map.groupBy(stored.statistics, (row) => row.batchId);
  const written = countByBatch(versionsOf(stored));
  for (const reading of readings) {
    const { batch, quotes, bars, rejected, notServed, verdict } = reading;
    const say = (what: string, is: unknown, wanted: unknown) => {
      if (!isDeepStrictEqual(is, wanted))
        breaches.push(`batch ${batch.id}: ${what} is ${JSON.stringify(is)}, not ${JSON.stringify(wanted)}`);
    };
    say('accepted', batch.accepted, acceptedOf(reading));
    say('rejected', batch.rejected, notServed.length);
    say('written', batch.written, written.get(batch.id) ?? 0);
    say('its reason', batch.reason, verdict.reason);
    say('its detail', batch.detail, verdict.detail);
    say('its newest time', batch.newestAsOf, newestOf(reading));
    const summed = batch.kind === 'bars' ? barStatistics(bars, rejected) : quoteStatistics(quotes, notServed);
    const wanted = summed.map(
      (each): StoredStatistics => ({
        ...each,
        batchId: batch.id,
        mean: plain(each.mean),
        median: plain(each.median),
        min: plain(each.min),
        max: plain(each.max),
        volume: plain(each.volume),
      }),
    );
    const found = statisticsOf.get(batch.id) ?? [];
    say('statistics', byCurrency(found), byCurrency(wanted));
  }
  const known = new Set(stored.batches.map(({ id }) => id));
  for (const id of statisticsOf.keys()) if (!known.has(id)) breaches.push(`statistics of batch ${id}: there is none`);
  for (const row of stored.held) {
    if (!known.has(row.batchId)) breaches.push(`quarantine ${row.id}: there is no batch ${row.batchId}`);
    const later = stored.batches.some(
      (batch) => batch.replay !== null && batch.blobKey === row.blobKey && BigInt(batch.id) > BigInt(row.batchId),
    );
    if (later !== row.resolved)
      breaches.push(`quarantine ${row.id}: ${row.resolved ? 'resolved without a replay' : 'open after a replay'}`);
  }
  return breaches;
}

function byCurrency(rows: readonly StoredStatistics[]): StoredStatistics[] {
  return [...rows].sort((a, b) => (a.currency < b.currency ? -1 : 1));
}

function acceptedOf({ quotes, bars }: BatchReading): number {
  return quotes.length + bars.reduce((sum, series) => sum + series.bars.length, 0);
}

function newestOf({ quotes, bars, snapshots }: BatchReading): number | null {
  const times = [
    ...quotes.map(({ quote }) => quote.asOf),
    ...bars.flatMap((series) => series.bars.map((bar) => bar.startsAt)),
    ...snapshots.map(({ fetchedAt }) => fetchedAt),
  ];
  return times.length === 0 ? null : times.reduce((a, b) => Math.max(a, b));
}
