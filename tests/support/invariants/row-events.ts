import * as z from 'zod';
import { isImport } from '../../../core/contracts/words/imports.ts';
import { plain, type StoredQuote, type StoredRows } from './stored-rows.ts';
import { versionsOf } from './versions.ts';

const toldQuotes = z.object({
  batchId: z.string(),
  sourceId: z.string(),
  rows: z.array(z.object({ listingId: z.int(), asOf: z.string(), price: z.string() })),
});
const toldBars = z.object({ batchId: z.string(), series: z.array(z.object({ bars: z.int() })) });
const withdrawnRows = { bars: z.int(), actions: z.int() };
const withdrawal = z.object({
  batchId: z.string(),
  blobKey: z.string(),
  block: z.int(),
  ...withdrawnRows,
  listings: z.array(z.object({ ...withdrawnRows, listingId: z.int() })),
});

const keyOf = (batchId: string, listingId: number, asOf: number, price: string | null) =>
  `batch ${batchId}: the quote of ${listingId} at ${new Date(asOf).toISOString()}, ${plain(price)}`;

/**
 * Each version of a quote that a batch wrote and that is served is told once: new ones of live batches in
 * `quotes.stored`, replaced ones of all batches in `quotes.revised`; and nothing else is.
 */
export function quoteEventBreaches(stored: StoredRows): string[] {
  const breaches: string[] = [];
  const live = liveBatches(stored);
  const wrong = new Set(stored.quoteFindings.map((row) => `${row.listingId} ${row.source} ${row.at} ${row.said}`));
  /** A finding says what its row said last: a content of before may have been as wrong. */
  const onceWrong = new Set(stored.quoteFindings.map((row) => `${row.listingId} ${row.source} ${row.at}`));
  const versions = quoteVersions(stored);
  for (const [type, revises] of [
    ['quotes.stored', false],
    ['quotes.revised', true],
  ] as const) {
    const expected = new Set<string>();
    const allowed = new Set<string>();
    for (const { row, revised, former } of versions) {
      if (revised !== revises || (!revises && !live.has(row.batchId))) continue;
      const key = keyOf(row.batchId, row.listingId, row.asOf, row.price);
      allowed.add(key);
      const place = `${row.listingId} ${row.source} ${row.asOf}`;
      if (!wrong.has(`${place} ${row.price}`) && !(former && onceWrong.has(place))) expected.add(key);
    }
    const told = new Set<string>();
    for (const event of stored.events.filter((each) => each.type === type)) {
      const { batchId, rows } = toldQuotes.parse(event.data);
      for (const row of rows) {
        const key = keyOf(batchId, row.listingId, Date.parse(row.asOf), row.price);
        if (told.has(key)) breaches.push(`event ${event.id} (${type}): ${key} told twice`);
        told.add(key);
        if (!allowed.has(key)) breaches.push(`event ${event.id} (${type}): ${key} is not stored so`);
      }
    }
    for (const key of expected) if (!told.has(key)) breaches.push(`${type}: ${key} never told`);
  }
  return breaches;
}

/** Quotes as they were and are, each with whether it replaced another content, and whether another one replaced it. */
function quoteVersions({
  quotes,
  quoteRevisions,
}: StoredRows): { row: StoredQuote; revised: boolean; former: boolean }[] {
  const keyOfRow = (row: StoredQuote) => `${row.listingId} ${row.source} ${row.asOf}`;
  const ends = new Set(quoteRevisions.map((row) => `${keyOfRow(row)} ${row.knownTo}`));
  return [...quotes, ...quoteRevisions].map((row, at) => ({
    row,
    former: at >= quotes.length,
    revised: ends.has(`${keyOfRow(row)} ${row.ingestedAt}`),
  }));
}

function liveBatches({ batches, runs }: StoredRows): Set<string> {
  const backfills = new Set(runs.flatMap((run) => (run.trigger === 'backfill' ? [run.id] : [])));
  return new Set(
    batches.flatMap((batch) =>
      batch.replay === null && !backfills.has(batch.runId) && !isImport(batch.sourceId) ? [batch.id] : [],
    ),
  );
}

/**
 * No more bars of a batch are told than it wrote. A withdrawal is of a batch of bars, says as much in sum as by listing, and
 * is told once in each block. What was withdrawn may be back.
 */
export function barEventBreaches(stored: StoredRows): string[] {
  const breaches: string[] = [];
  const bars = new Set(stored.batches.flatMap((batch) => (batch.kind === 'bars' ? [batch.id] : [])));
  const written = new Map<string, number>();
  for (const { batchId, revises } of versionsOf(stored)) {
    const key = `${revises ? 'bars.revised' : 'bars.stored'} ${batchId}`;
    written.set(key, (written.get(key) ?? 0) + 1);
  }
  const told = new Map<string, number>();
  const withdrawn = new Set<string>();
  for (const { id, type, data } of stored.events) {
    if (type === 'bars.stored' || type === 'bars.revised') {
      const { batchId, series } = toldBars.parse(data);
      const key = `${type} ${batchId}`;
      told.set(key, (told.get(key) ?? 0) + series.reduce((sum, each) => sum + each.bars, 0));
      if (!bars.has(batchId)) breaches.push(`event ${id} (${type}): of no batch of bars`);
    }
    if (type === 'bars.withdrawn')
      breaches.push(...withdrawalBreaches(`event ${id} (${type})`, data, stored, withdrawn));
  }
  for (const [key, count] of told)
    if (count > (written.get(key) ?? 0))
      breaches.push(`${key}: ${count} bars told, and ${written.get(key) ?? 0} written`);
  const live = liveBatches(stored);
  for (const id of bars)
    for (const type of ['bars.stored', 'bars.revised']) {
      const isExpected = type === 'bars.revised' || live.has(id);
      if (isExpected && (written.get(`${type} ${id}`) ?? 0) > 0 && !told.has(`${type} ${id}`) && isServed(id, stored))
        breaches.push(`${type} ${id}: never told`);
      if (!isExpected && told.has(`${type} ${id}`)) breaches.push(`${type} ${id}: rows in bulk are in it`);
    }
  return breaches;
}

/** Whether bars of a batch are there and not withdrawn: those of one that came too late never were. */
function isServed(batchId: string, { bars }: StoredRows): boolean {
  return bars.some((bar) => bar.batchId === batchId && !bar.withdrawn);
}

function withdrawalBreaches(
  name: string,
  data: Readonly<Record<string, unknown>>,
  stored: StoredRows,
  told: Set<string>,
): string[] {
  const said = withdrawal.parse(data);
  const breaches: string[] = [];
  const batch = stored.batches.find((each) => each.id === said.batchId);
  if (batch?.kind !== 'bars' || batch.blobKey !== said.blobKey) breaches.push(`${name}: of no batch of bars`);
  for (const field of ['bars', 'actions'] as const)
    if (said[field] !== said.listings.reduce((sum, each) => sum + each[field], 0))
      breaches.push(`${name}: ${field} are not those of its listings`);
  const key = `${said.batchId} ${said.block}`;
  if (told.has(key)) breaches.push(`${name}: told twice`);
  told.add(key);
  return breaches;
}
