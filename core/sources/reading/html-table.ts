import type { Cell, ShownText } from './shown-text.ts';

/** A table of a page as text: what people see in each cell. */
export interface HtmlTable {
  /** Where the column with this heading is, or -1. Case, spaces and arrows for sorting do not matter. */
  column(heading: string): number;
  /** Rows of its body that have data: no repeated headings, titles and advertisements across it. */
  readonly rows: readonly (readonly string[])[];
}

/** A table as it stands in a page: its displayed rows. */
export interface Table {
  readonly shown: boolean;
  readonly rows: Row[];
  /** For a further part of a table: the table, whose rows its own are. */
  readonly partOf?: Table | null;
}

interface Row {
  readonly part: 'head' | 'body' | 'foot';
  readonly cells: Cell[];
}

/** Wider tables are cut. */
const mostColumns = 200;
/** Rows of headings that are read. */
const mostHeadRows = 10;

/** A heading in one row of headings, with the columns that it is over. */
interface Heading {
  readonly text: string;
  readonly over: number;
}

/** The headings of a table: by column, from the top row to the lowest. */
type Headings = readonly (readonly Heading[])[];

/**
 * Makes what gives the tables of a page by their number, each read once. A table without headings has those of the
 * nearest one before it that has headings and no rows: some pages keep them in a table of their own, where they stay
 * while the rows scroll.
 */
export function readTables(tables: readonly Table[], text: ShownText): (at: number) => HtmlTable {
  const kept = new Map<number, HtmlTable>();
  const headings = new Map<number, Headings>();
  const headingsOf = (at: number): Headings => {
    const known = headings.get(at);
    if (known) return known;
    const read = readHeadings(headRowsOf(tables[at]), text);
    headings.set(at, read);
    return read;
  };
  return (at) => {
    const known = kept.get(at);
    if (known) return known;
    const own = headingsOf(at);
    const body = bodyRowsOf(tables[at]);
    const rows = grid(body, text);
    const width = rows.reduce((most, { cells }) => Math.max(most, cells.length), 0);
    let used = own;
    for (let before = at - 1; used.length === 0 && before >= Math.max(0, at - lookBack); before--) {
      const other = tables[before];
      if (!other?.shown || bodyRowsOf(other).length > 0) continue;
      const theirs = headingsOf(before);
      if (theirs.length === width) used = theirs;
    }
    const names = new Set(used.flatMap((column) => column.map((heading) => heading.text)));
    const columns = new Map<string, number>();
    const table: HtmlTable = {
      column(heading) {
        const wanted = headingText(heading);
        const found = columns.get(wanted) ?? columnOf(used, wanted);
        columns.set(wanted, found);
        return found;
      },
      rows: rows.filter((row) => isData(row, names, width)).map(({ cells }) => cells),
    };
    kept.set(at, table);
    return table;
  };
}

/** How many tables before one may hold its headings. */
const lookBack = 5;

/** The rows of its head; without any, the first rows that are headings throughout. */
function headRowsOf(table: Table | undefined): readonly Row[] {
  const rows = table?.rows ?? [];
  const head = rows.filter(({ part }) => part === 'head');
  if (head.some(({ cells }) => cells.length > 0)) return head.slice(0, mostHeadRows);
  return rows.slice(0, leadingHeadings(rows)).slice(0, mostHeadRows);
}

function leadingHeadings(rows: readonly Row[]): number {
  const end = rows.findIndex(({ part, cells }) => part !== 'body' || !isHeadingRow(cells));
  return end === -1 ? rows.length : end;
}

function isHeadingRow(cells: readonly Cell[]): boolean {
  return cells.length > 0 && cells.every(({ isHeading }) => isHeading);
}

function bodyRowsOf(table: Table | undefined): readonly Row[] {
  return (table?.rows ?? []).filter(({ part, cells }) => part === 'body' && cells.length > 0 && !isHeadingRow(cells));
}

interface GridRow {
  /** Texts by column: a cell over several columns stands in the first, one over several rows in each. */
  readonly cells: readonly string[];
  /** Cells that begin in this row, as they are written. */
  readonly written: number;
  /** The most columns that a cell of it takes. */
  readonly widest: number;
}

function grid(rows: readonly Row[], text: ShownText): GridRow[] {
  let reaching: (Reaching | undefined)[] = [];
  return rows.map(({ cells }) => {
    // Nearly all rows are of this kind.
    if (reaching.length === 0 && cells.length <= mostColumns && cells.every(isSingle))
      return { cells: cells.map((cell) => text.of(cell)), written: cells.length, widest: 1 };
    const { placed, next } = place(cells, reaching);
    reaching = next;
    return {
      cells: Array.from(placed, (each) => (each === undefined || each.continues ? '' : text.of(each.cell))),
      written: cells.length,
      widest: cells.reduce((most, { columns }) => Math.max(most, columns), 0),
    };
  });
}

function isSingle({ columns, rows }: Cell): boolean {
  return columns === 1 && rows === 1;
}

interface Placed {
  readonly cell: Cell;
  /** Not its first column. */
  readonly continues: boolean;
}

interface Reaching extends Placed {
  readonly rowsLeft: number;
}

/** The cells of a row by column, with those of rows above that reach into it. */
function place(cells: readonly Cell[], reaching: readonly (Reaching | undefined)[]) {
  const placed: (Placed | undefined)[] = [];
  const next: (Reaching | undefined)[] = [];
  let at = 0;
  const fromAbove = () => {
    for (let above = reaching[at]; above && at < mostColumns; above = reaching[at]) {
      placed[at] = above;
      if (above.rowsLeft > 1) next[at] = { ...above, rowsLeft: above.rowsLeft - 1 };
      at++;
    }
  };
  for (const cell of cells) {
    fromAbove();
    for (let column = 0; column < cell.columns && at < mostColumns; column++) {
      placed[at] = { cell, continues: column > 0 };
      if (cell.rows > 1) next[at] = { cell, continues: column > 0, rowsLeft: cell.rows - 1 };
      at++;
    }
  }
  for (; at < reaching.length; at++) if (reaching[at]) fromAbove();
  return { placed, next };
}

function readHeadings(rows: readonly Row[], text: ShownText): Headings {
  const columns: Heading[][] = [];
  let reaching: (Reaching | undefined)[] = [];
  for (const { cells } of rows) {
    const { placed, next } = place(cells, reaching);
    reaching = next;
    const texts = new Map<Cell, string>();
    for (const [at, each] of placed.entries()) {
      if (!each) continue;
      const { cell } = each;
      const read = texts.get(cell) ?? headingText(text.of(cell) || text.wholeOf(cell));
      texts.set(cell, read);
      let column = columns[at];
      if (!column) {
        column = [];
        columns[at] = column;
      }
      if (read !== '') column.push({ text: read, over: cell.columns });
    }
  }
  return Array.from(columns, (column) => column ?? []);
}

/** A heading as it is compared: without arrows for sorting and what else is no letter, digit or unit. */
function headingText(text: string): string {
  return text
    .replaceAll(/[\u2190-\u21ff\u25a0-\u25ff\u2b00-\u2bff\u{1f53a}\u{1f53b}]+/gu, ' ')
    .replaceAll(/\s+/g, ' ')
    .replace(/\s*:\s*$/, '')
    .trim()
    .toLowerCase();
}

/** Says that a column is of changes in per cent and not in money. */
const inPercent = /%|percent|per cent/;

/**
 * Of several columns, the first: whose own heading it is, the lowest row before the others; whose headings are it
 * together; and which a heading over several columns leaves when those in per cent are set aside.
 */
function columnOf(headings: Headings, wanted: string): number {
  if (wanted === '') return -1;
  const first = (matches: (column: readonly Heading[]) => boolean) => headings.findIndex((each) => matches(each));
  const own = (each: Heading | undefined) => each?.over === 1 && each.text === wanted;
  const lowest = first((column) => own(column.at(-1)));
  if (lowest !== -1) return lowest;
  const higher = first((column) => column.some(own));
  if (higher !== -1) return higher;
  const together = first((column) => {
    if (column.length < 2) return false;
    const texts = column.map(({ text }) => text);
    return texts.join(' ') === wanted || texts.toReversed().join(' ') === wanted;
  });
  if (together !== -1) return together;
  const under = headings.flatMap((column, at) =>
    column.some(({ text, over }) => over > 1 && text === wanted) && !inPercent.test(column.at(-1)?.text ?? '')
      ? [at]
      : [],
  );
  return under.length === 1 ? (under[0] ?? -1) : -1;
}

/** Whether a row has data: it is not across the table, and does not say the headings again. */
function isData({ cells, written, widest }: GridRow, headings: ReadonlySet<string>, width: number): boolean {
  if (width > 1 && written === 1 && widest > 1) return false;
  let said = 0;
  let filled = 0;
  for (const cell of cells) {
    if (cell === '') continue;
    filled++;
    if (headings.has(cell.toLowerCase())) said++;
  }
  // Details under a row: one text over most of the table.
  if (filled === 1 && widest > 1 && widest * 2 >= width) return false;
  return filled > 0 && !(said >= 2 && said * 2 > filled);
}
