/**
 * Months that are played with a clock: sessions of some days by the planner, the scraper, `ingest`, `monitor` and the relay, and
 * each night the housekeeping and the archive. Whatever was stored in the evening must be found in the end, in the database
 * or in the archive.
 */
import { createHash } from 'node:crypto';
import * as z from 'zod';
import { memoryHistoryFiles } from '../../core/adapters/memory/history-files.ts';
import { memoryRawStore } from '../../core/adapters/memory/raw-store.ts';
import { coldHistory } from '../../core/adapters/parquet/cold-history.ts';
import { parquetQuotes } from '../../core/adapters/parquet/quote-format.ts';
import { maintainDatabase } from '../../core/adapters/postgres/database/housekeeping.ts';
import { archiveIndex } from '../../core/adapters/postgres/history/archive-index.ts';
import { archiveStore } from '../../core/adapters/postgres/history/archive-store.ts';
import { quoteReader } from '../../core/adapters/postgres/prices/quote-reader.ts';
import { everySource } from '../../core/auth/visible-sources.ts';
import { calendarOf, sessionOn } from '../../core/market/calendar.ts';
import type { HistoryReader } from '../../core/ports/history-reader.ts';
import { tieredHistory } from '../../core/serving/tiered-history.ts';
import { archiveQuotes } from '../../functions/maintain/archive-quotes.ts';
import { startUpstreams } from '../../localstack/upstreams/server.ts';
import { inventedSymbol } from '../../localstack/upstreams/yahoo/listings.ts';
import { killed } from './killed.ts';
import { memoryStores } from './pipeline.ts';
import { playedClock, watchOnly } from './played-world.ts';
import type { Random } from './random.ts';
import { relayEvents } from './told-events.ts';
import type { OpenWorld } from './world.ts';

const [minuteMs, dayMs] = [60_000, 86_400_000];
const source = 'yahoo';

export interface MonthsToPlay {
  readonly symbols: number;
  /** Days with a session, in their order. Between them, only the nights are played. */
  readonly days: readonly string[];
  /** The last night is that of this day. */
  readonly until: string;
  /** Minutes of each session that are played, from five before it opens; all unless given. */
  readonly minutes?: number;
  /** Rows of a file of the archive. */
  readonly rowsOfFile: number;
  /** Instants at which it is compared what was known. */
  readonly instants: number;
  readonly random: Random;
  readonly log?: (line: string) => void;
}

/** What was played, and what was found. */
export interface PlayedMonths {
  /** Rows as they were stored in the evenings, by listing and month: how many, and a checksum. */
  readonly stored: ReadonlyMap<string, string>;
  /** The same as the database and the archive have them in the end. */
  readonly found: ReadonlyMap<string, string>;
  readonly rows: number;
  readonly instants: readonly { readonly at: string; readonly before: string; readonly after: string }[];
  /** Where the archive was killed. */
  readonly killedAt: ReadonlySet<string>;
  /** Bytes of each table with its indexes: the most in any evening, and in the end. */
  readonly most: ReadonlyMap<string, number>;
  readonly atLast: ReadonlyMap<string, number>;
  /** Minutes that were played on each day. */
  readonly minutes: ReadonlyMap<string, number>;
}

/** Digests of rows, by listing and month, and there by version: one that is replaced the next morning says so from then on. */
type Sums = Map<string, Map<string, string>>;

const hashOf = (text: string) => createHash('sha256').update(text).digest('hex');
const textsOf = (sums: Sums) =>
  new Map(
    [...sums].map(([key, digests]) => [key, `${digests.size} ${hashOf([...digests.values()].toSorted().join(' '))}`]),
  );

const listingRow = z.object({ id: z.int() });
const bytesRow = z.object({ name: z.string(), bytes: z.number() });

/** Plays them. The world's clock must stand before the first day. */
export async function playMonths(world: OpenWorld, play: MonthsToPlay): Promise<PlayedMonths> {
  const calendar = calendarOf('XNYS');
  if (!calendar) throw new Error('There is no calendar of New York.');
  const begin = Date.parse(`${play.days[0]}T00:00:00Z`);
  const { now, set } = playedClock(world, begin);
  await set(begin);
  const upstreams = await startUpstreams({ port: 0, listings: 9_999, now });
  try {
    const american = Array.from({ length: 9_999 }, (_, at) => inventedSymbol(at + 1)).filter(
      (one) => !one.includes('.'),
    );
    await watchOnly(world, american.slice(0, play.symbols));
    const stores = { ...memoryStores(), blobs: memoryRawStore() };
    const stages = world.pipeline({
      ...{ stores, alwaysOpen: false, now, sourceUrls: { [source]: upstreams.urlOf(source) } },
    });
    const { pool } = world;
    const [files, index, hot] = [memoryHistoryFiles(), archiveIndex(pool), quoteReader(pool)];
    const evening = hot(everySource);
    const reader = tieredHistory(hot, coldHistory(index, files), index)(everySource);
    const listings = async () =>
      z
        .array(listingRow)
        .parse((await pool.query('SELECT id FROM listing ORDER BY id')).rows)
        .map(({ id }) => id);

    const sums: Sums = new Map();
    const known: { at: string; of: readonly number[]; before: string }[] = [];
    const most = new Map<string, number>();
    const minutes = new Map<string, number>();
    const killedAt = new Set<string>();
    let kills = 0;

    for (let day = Date.parse(play.days[0] ?? ''); day <= Date.parse(play.until); day += dayMs) {
      const date = new Date(day).toISOString().slice(0, 10);
      const session = play.days.includes(date) ? sessionOn(calendar, date) : null;
      if (session) {
        const from = session.opensAt - 5 * minuteMs;
        const to = Math.min(session.closesAt + 30 * minuteMs, from + (play.minutes ?? 1_440) * minuteMs);
        const began = performance.now();
        for (let at = from; at < to; at += minuteMs) {
          await set(at);
          const time = new Date(at);
          await stages.plan({ time: time.toISOString() });
          await stages.watch(time);
          await stages.scrape();
          await stages.monitor();
          await stages.ingest();
          await stages.monitor();
          await relayEvents(pool, now);
          // They have been read: of a fortnight they are gigabytes.
          stores.blobs.blobs.clear();
        }
        await set(to);
        // Before it opens, a price is of the close before.
        const before = play.days[play.days.indexOf(date) - 1];
        await addSums(evening, await listings(), [before ? Date.parse(before) : day - 7 * dayMs, day + dayMs], sums);
        const share = Math.ceil(play.instants / play.days.length);
        for (let n = 0; n < share && known.length < play.instants; n++) {
          const at = new Date(play.random.between(from + 5 * minuteMs, to)).toISOString();
          const of = someOf(await listings(), play.random);
          known.push({ at, of, before: await knownAt(evening, of, at) });
        }
        minutes.set(date, (to - from) / minuteMs);
        for (const [name, bytes] of await bytesOf(world)) most.set(name, Math.max(bytes, most.get(name) ?? 0));
        play.log?.(`${date}: ${Math.round((performance.now() - began) / ((to - from) / minuteMs))} ms a minute`);
      }
      // Nights after which nothing is new are left out, but those in which months go to the archive, and former ones go.
      if (!session && ![1, 9].includes(new Date(day + dayMs).getUTCDate()) && date !== play.until) continue;
      const night = day + dayMs + 3 * 3_600_000;
      await set(night);
      await maintainDatabase(pool, new Date(night));
      // On the first night of a month it is killed a step later each time, until it gets through.
      const isKilled = new Date(night).getUTCDate() === 1;
      const archived = { rows: 0, began: performance.now() };
      for (let isDone = false; !isDone; ) {
        const left = isKilled ? ++kills : Number.POSITIVE_INFINITY;
        const at = { left, when: kills % 2 === 0 ? 'before' : 'after', what: killedAt };
        const world = { store: archiveStore(pool), files, removal: memoryRawStore(), format: parquetQuotes };
        const dying = { ...world, store: killed(world.store, at), files: killed(files, at) };
        try {
          const done = await archiveQuotes(dying, night, 2, { rowsOfFile: play.rowsOfFile, ms: 600_000 });
          isDone = done.done;
          archived.rows += done.rows;
        } catch (error) {
          if (!(error instanceof Error) || error.message !== 'killed') throw error;
        }
      }
      kills = 0;
      const seconds = ((performance.now() - archived.began) / 1_000).toFixed(1);
      play.log?.(
        `${new Date(night).toISOString()}: ${archived.rows} rows archived in ${seconds} s, killed at ${killedAt.size} places so far`,
      );
    }

    const atLast = await bytesOf(world);
    const inTheEnd: Sums = new Map();
    const months = [
      ...new Set(play.days.flatMap((date) => [Date.parse(date) - 7 * dayMs, Date.parse(date)]).map(monthOf)),
    ];
    for (const month of months) await addSums(reader, await listings(), [month, monthOf(month + 31 * dayMs)], inTheEnd);
    const instants = [];
    for (const { at, of, before } of known) instants.push({ at, before, after: await knownAt(reader, of, at) });
    const rows = [...sums.values()].reduce((sum, digests) => sum + digests.size, 0);
    return {
      ...{ stored: textsOf(sums), found: textsOf(inTheEnd), rows, instants, killedAt, most, atLast, minutes },
    };
  } finally {
    await upstreams.stop();
  }
}

/** Listings that are asked for at once: each is read of the archive by itself. */
const knownAtOnce = 20;

/** Listings by chance; all, where there are few. */
function someOf(listings: readonly number[], random: Random): readonly number[] {
  return listings.length <= knownAtOnce ? listings : random.shuffled(listings).slice(0, knownAtOnce);
}

const monthOf = (at: number) => Date.parse(`${new Date(at).toISOString().slice(0, 7)}-01`);

/** Adds every version of every price in a time, by listing and month. */
async function addSums(
  reader: HistoryReader,
  listings: readonly number[],
  [from, to]: readonly [from: number, to: number],
  sums: Sums,
): Promise<void> {
  for (const listingId of listings) {
    const rows = await reader.history({
      ...{ listingId, source, from: new Date(from).toISOString(), to: new Date(to).toISOString(), knownAt: null },
      ...{ revisions: true, raw: true, repaired: false, order: 'asc', after: null, limit: 50_000 },
    });
    const here = new Set<string>();
    for (const row of rows) {
      const key = `${listingId} ${row.asOf.toISOString().slice(0, 7)}`;
      const digests = sums.get(key) ?? new Map<string, string>();
      sums.set(key, digests);
      const version = `${row.asOf.toISOString()} ${row.knownFrom}`;
      if (here.has(version))
        throw new Error(`A reader gives a row of listing ${listingId} twice: ${row.asOf.toISOString()}.`);
      here.add(version);
      const { knownTo, ...rest } = row;
      const content = hashOf(JSON.stringify(Object.entries(rest).toSorted())).slice(0, 16);
      const before = digests.get(version);
      if (before !== undefined && !before.startsWith(content))
        throw new Error(`A version of listing ${listingId} has changed: ${version}.`);
      digests.set(version, `${content} ${knownTo}`);
    }
  }
}

async function knownAt(reader: HistoryReader, listings: readonly number[], at: string): Promise<string> {
  const rows = await reader.knownAt(listings, at);
  const texts = rows.map((row) => JSON.stringify(Object.entries(row).toSorted())).toSorted();
  return `${rows.length} ${hashOf(texts.join('\n'))}`;
}

/** Bytes of each table with its indexes; of all months of quotes together. */
async function bytesOf(world: OpenWorld): Promise<Map<string, number>> {
  const { rows } = await world.database.query(
    `SELECT regexp_replace(coalesce(p.relname, c.relname), '^archived_quote_.*', 'former months') AS name, sum(pg_total_relation_size(c.oid))::float8 AS bytes
     FROM pg_class c LEFT JOIN pg_inherits i ON i.inhrelid = c.oid LEFT JOIN pg_class p ON p.oid = i.inhparent
     WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace GROUP BY 1`,
  );
  return new Map(
    z
      .array(bytesRow)
      .parse(rows)
      .map(({ name, bytes }) => [name, bytes]),
  );
}
