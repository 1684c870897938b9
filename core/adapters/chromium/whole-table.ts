/**
 * The page with the whole of its table. A table is whole when it has as many rows as it says, or when it has stopped
 * growing and nothing leads to more of it. Pages of a table, rows that come late or where one scrolls to, and lists of
 * which only what is in view exists are followed within limits. What came of them is appended to the page as tables of
 * their own, and the verdict after them: `core/sources/reading` puts them together.
 */
import { errors, type Page } from 'playwright-core';
import * as z from 'zod';
import { verdictAttribute } from '../../contracts/words/shown-marks.ts';
import type { FurtherRequests } from './further-requests.ts';
import type { TableQuestion } from './in-page/look-at-table.ts';
import { markShown } from './in-page/mark-shown.ts';
import { type PageSession, runInPage } from './in-page/run-in-page.ts';
import { followScript, scrollScript, settleScript } from './in-page/table-steps.ts';

export interface TablePage {
  readonly page: Page;
  readonly inPage: PageSession;
  /** What the page is waited for by. */
  readonly waitFor: string;
  /** Milliseconds that are left for the page. */
  readonly left: () => number;
  /** Whether it still loads something. */
  readonly isBusy: () => boolean;
  /** What it asks for while its table is read. */
  readonly further: FurtherRequests;
}

/** Rows that stay the same for so long are all that come by themselves. */
const quietMs = 2_000;
/** So long a page may take to react to a click. */
const reactionMs = 5_000;
/** So long a sign that turns beside a table is waited for. */
const loadingMs = 6_000;
/** Pages of one table, and views of one list. */
const mostPages = 40;
const mostViews = 400;
/** What is kept of the page's time for reading it. */
const reserveMs = 300;
/** Nobody turns pages faster. */
const betweenPagesMs = 250;

const ways = z.enum(['all', 'next', 'more']);
const lookSchema = z
  .object({
    keys: z.array(z.string()),
    said: z.number().nullable(),
    pages: z.object({ at: z.number(), of: z.number() }).nullable(),
    ways: z.array(ways),
    /** Those that lead to another document. */
    links: z.array(ways),
    scripted: z.boolean(),
    loading: z.enum(['said', 'shown']).nullable(),
  })
  .nullable();
type Look = NonNullable<z.infer<typeof lookSchema>>;
const surveySchema = z.object({ look: lookSchema, html: z.string().nullable() });
const settledSchema = z.object({ quiet: z.boolean(), state: z.string() });

/** Why a table is not whole. */
export type Unfinished = 'count' | 'growing' | 'limit' | 'quota';

/** Gives the HTML, marked, or `null` when it cannot be read in time. Throws when the page is gone. */
export async function wholeTable(opened: TablePage, asked: TableQuestion): Promise<string | null> {
  const first = await survey(opened, asked, null);
  if (first.html === null || first.look === null) return first.html;
  const collected = new Collected(first.html, first.look);
  let because: Unfinished | null = null;
  if (first.look.scripted && !collected.isWhole()) because = await settle(opened, asked, collected);
  if (because === null && !collected.isWhole()) because = await followPages(opened, asked, collected);
  // What was not asked for has not come, whatever the page makes of it.
  if (opened.further.isRefused()) because = 'quota';
  if (because === null && collected.said !== null && collected.rows < collected.said) because = 'count';
  return collected.html(because);
}

/** The rows so far. */
class Collected {
  rows = 0;
  said: number | null = null;
  readonly known = new Set<string>();
  #main: string;
  #parts: string[] = [];
  look: Look;

  constructor(main: string, look: Look) {
    this.#main = main;
    this.look = look;
    this.begin(main, look);
  }

  /** Begins again with the page as it is now. */
  begin(main: string, look: Look): void {
    this.#main = main;
    this.#parts = [];
    this.known.clear();
    this.rows = 0;
    this.#count(look);
  }

  /** Adds the rows that are new. Gives how many. */
  add(part: string, look: Look): number {
    const before = this.rows;
    this.#count(look);
    if (this.rows > before) this.#parts.push(part);
    return this.rows - before;
  }

  isWhole(): boolean {
    const { pages, ways: open } = this.look;
    if (pages !== null && pages.at < pages.of && open.includes('next')) return false;
    return this.said !== null && this.rows >= this.said;
  }

  html(because: Unfinished | null): string {
    const verdict = because ?? 'whole';
    const said = this.said === null ? '' : ` data-said="${this.said}"`;
    return `${this.#main}${this.#parts.join('')}<data ${verdictAttribute}="${verdict}" data-rows="${this.rows}"${said}></data>`;
  }

  #count(look: Look): void {
    this.look = look;
    this.said = look.said ?? this.said;
    this.rows += look.keys.filter((key) => !this.known.has(key)).length;
    for (const key of look.keys) this.known.add(key);
  }
}

/** Waits for rows that come late, and goes through a list of which only what is in view exists. */
async function settle(opened: TablePage, asked: TableQuestion, collected: Collected): Promise<Unfinished | null> {
  const { left, isBusy, further } = opened;
  const before = collected.look.keys;
  // Something is loaded all the time where prices are live: it is waited for a while.
  for (let times = 0; times === 0 || (isBusy() && times < 3); ) {
    if (further.isRefused()) return 'quota';
    const most = left() - reserveMs;
    if (most <= 0) return 'growing';
    const turns = further.turns();
    const { quiet } = await settled(opened, asked, null, most);
    // Rows are quiet while what brings more of them waits.
    if (further.isWaiting() || further.turns() !== turns) continue;
    if (!quiet) return 'growing';
    times++;
  }
  let now = await survey(opened, asked, null);
  // A sign says that more is to come. One that only turns may have been forgotten.
  const until = performance.now() + loadingMs;
  while (now.look?.loading && left() > reserveMs && (now.look.loading === 'said' || performance.now() < until)) {
    await settled(opened, asked, null, Math.min(quietMs, left() - reserveMs), pageQuietMs);
    now = await survey(opened, asked, null);
  }
  if (now.html === null || now.look === null || now.look.loading === 'said') return 'growing';
  const keys = new Set(now.look.keys);
  const isWindow =
    before.some((key) => !keys.has(key)) ||
    (now.look.said !== null && now.look.ways.length === 0 && now.look.keys.length < now.look.said);
  collected.begin(now.html, now.look);
  if (!isWindow) return null;
  await runInPage(opened.inPage, scrollScript(asked, 'top'), left());
  now = await survey(opened, asked, null);
  if (now.html === null || now.look === null) return 'growing';
  collected.begin(now.html, now.look);
  let stuck = 0;
  for (let view = 0; !collected.isWhole(); view++) {
    if (view === mostViews) return 'limit';
    if (left() <= reserveMs) return 'growing';
    const moved = await runInPage(opened.inPage, scrollScript(asked, 'on'), left());
    await rowsOfView(opened);
    const part = await survey(opened, asked, collected.known);
    if (part.html !== null && part.look) collected.add(part.html, part.look);
    stuck = moved === 'stuck' ? stuck + 1 : 0;
    if (moved === 'end' || stuck === 3) return null;
  }
  return null;
}

/** Waits for the rows of a view that the source is asked for, for a while. */
async function rowsOfView({ left, isBusy, further }: TablePage): Promise<void> {
  for (let looks = 0; (further.isWaiting() || (isBusy() && looks < mostLooks)) && left() > reserveMs; looks++)
    await new Promise((resolve) => setTimeout(resolve, lookMs));
}

/** Uses what shows all rows, and turns the pages of a table to its last. */
async function followPages(opened: TablePage, asked: TableQuestion, collected: Collected): Promise<Unfinished | null> {
  const { left, further } = opened;
  const tried = new Set<string>();
  for (let pages = 0; !collected.isWhole(); ) {
    const way = collected.look.ways.find((each) => !tried.has(each));
    const { pages: said } = collected.look;
    if (way === undefined || (way === 'next' && said !== null && said.at >= said.of)) return null;
    if (pages === mostPages) return 'limit';
    if (left() <= reserveMs) return 'growing';
    if (way === 'all') tried.add(way);
    const isLink = collected.look.links.includes(way);
    if (isLink && !(await further.reserve())) return 'quota';
    const hasChanged = await follow(opened, asked, way);
    if (further.isRefused()) return 'quota';
    if (!hasChanged) {
      tried.add(way);
      continue;
    }
    const next = await survey(opened, asked, way === 'all' ? null : collected.known);
    if (next.html === null || next.look === null) return 'growing';
    if (way === 'all' && next.look.keys.length >= collected.rows) {
      collected.begin(next.html, next.look);
      continue;
    }
    pages++;
    // A page without anything new was no page of this table.
    if (collected.add(next.html, next.look) === 0) tried.add(way);
  }
  return null;
}

/** Uses a way to more rows, and waits for them. Gives whether the table has changed. */
async function follow(opened: TablePage, asked: TableQuestion, way: z.infer<typeof ways>): Promise<boolean> {
  const { page, inPage, waitFor, left, isBusy } = opened;
  const before = await settled(opened, asked, null, 0);
  const loaded = otherDocument(opened);
  loaded.catch(() => undefined);
  await new Promise((resolve) => setTimeout(resolve, Math.min(betweenPagesMs, Math.max(0, left() - reserveMs))));
  if ((await runInPage(inPage, followScript(asked, way), left())) !== true) return false;
  const changed = reaction(opened, asked, before.state).catch(() => null);
  const went = await Promise.race([
    loaded.then(
      () => true,
      () => new Promise<boolean>(() => undefined),
    ),
    changed.then((done) =>
      done === null
        ? loaded.then(
            () => true,
            () => false,
          )
        : false,
    ),
  ]);
  if (went) {
    try {
      await page.waitForSelector(waitFor, { state: 'attached', timeout: Math.max(1, left() - reserveMs) });
    } catch (error) {
      if (!(error instanceof errors.TimeoutError)) throw error;
    }
    return true;
  }
  if ((await changed)?.quiet !== true) return false;
  // Rows may come one after the other.
  do await settled(opened, asked, null, Math.min(quietMs, left() - reserveMs), pageQuietMs);
  while (isBusy() && left() > reserveMs);
  return true;
}

/** Waits for another document, which may have to wait itself. */
async function otherDocument({ page, left, further }: TablePage): Promise<void> {
  for (;;) {
    const turns = further.turns();
    try {
      await page.waitForEvent('domcontentloaded', { timeout: Math.max(1, Math.min(reactionMs, left() - reserveMs)) });
      return;
    } catch (error) {
      if (!further.isWaiting() && further.turns() === turns) throw error;
    }
  }
}

/** Waits for other rows than `before`; what brings them may have to wait itself. */
async function reaction(opened: TablePage, asked: TableQuestion, before: string) {
  for (;;) {
    const turns = opened.further.turns();
    const done = await settled(opened, asked, before, Math.min(reactionMs, opened.left() - reserveMs));
    if (done.quiet || opened.left() <= reserveMs) return done;
    if (!opened.further.isWaiting() && opened.further.turns() === turns) return done;
  }
}

/** Looks for rows of a view that are still to come. */
const mostLooks = 20;
const lookMs = 50;

/** Rows of a page of a table are there once they stay the same for so long. */
const pageQuietMs = 300;

async function settled(
  opened: TablePage,
  asked: TableQuestion,
  before: string | null,
  mostMs: number,
  quiet = quietMs,
) {
  const most = Math.max(0, Math.round(mostMs));
  return settledSchema.parse(
    await runInPage(opened.inPage, settleScript(asked, quiet, most, before), most + opened.left() + reserveMs),
  );
}

async function survey(
  { inPage, left }: TablePage,
  asked: TableQuestion,
  known: ReadonlySet<string> | null,
): Promise<z.infer<typeof surveySchema>> {
  const most = Math.max(left(), leastMs);
  for (let tried = 1; ; tried++) {
    try {
      const seen = await runInPage(inPage, markShown(most, { asked, known: known && [...known] }), most * 1.5);
      return seen === null ? { look: null, html: null } : surveySchema.parse(seen);
    } catch (error) {
      if (tried === tries) throw error;
    }
  }
}

/** A page may go elsewhere while it is read. */
const tries = 3;
/** What is left to read a page with when its time is nearly over. */
const leastMs = 2_000;
