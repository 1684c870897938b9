import { Parser } from 'htmlparser2';
import type { Failure } from '../../contracts/failure.ts';

/** A table of a page as text: what stands in each cell, without markup. */
export interface HtmlTable {
  /** Where the column with this heading is, or -1. Case and spaces do not matter. */
  column(heading: string): number;
  readonly rows: readonly (readonly string[])[];
}

/**
 * A parsed page. Selectors are the simple ones of CSS, separated by commas: `table.wide#prices[data-rows]`, without
 * spaces, which would mean descendants.
 */
export interface HtmlPage {
  /** Whether an element matches a selector. */
  has(selector: string): boolean;
  /** The first table that matches, or `null`. Rows of its body only. */
  table(selector: string): HtmlTable | null;
  /** All tables that match. */
  tables(selector: string): HtmlTable[];
}

/** The maximum number of tables to read of a page. */
const mostTables = 50;
/** A page of a source has a tenth of these. A browser itself nests elements no deeper. */
const mostElements = 200_000;
const mostDepth = 512;

/** Longer texts of cells are cut. */
const longestCell = 2_000;

/** Where in the text of the page something stands. */
interface Span {
  readonly from: number;
  to: number;
}

interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
}

interface Table {
  readonly element: Element;
  readonly headings: Span[];
  readonly rows: Span[][];
}

/** An open element with what it is to a table: `head` and `body` are the table's own, `row` is a row of its body. */
interface Open {
  readonly name: string;
  readonly table?: Table | undefined;
  readonly head?: Table | undefined;
  readonly body?: Table | undefined;
  readonly row?: Span[] | undefined;
  readonly cell?: Span | undefined;
}

/**
 * Reads HTML in one pass, in a time that grows with its length and no faster. Any text is a page; one with too many
 * elements, or too deep ones, is left where it exceeds the limit, and is a failure.
 */
export function readHtml(html: string): HtmlPage | { readonly failure: Failure } {
  const elements: Element[] = [];
  const tables: Table[] = [];
  const open: Open[] = [];
  const heads: Table[] = [];
  let text = '';
  let exceeds: 'elements' | 'depth' | null = null;
  const stop = (what: 'elements' | 'depth') => {
    exceeds = what;
    parser.pause();
  };
  const parser = new Parser({
    onopentag(name, attributes) {
      const element = { name, attributes };
      const opened = openIn(open.at(-1), heads.at(-1), element, text.length);
      elements.push(element);
      open.push(opened);
      if (opened.table) tables.push(opened.table);
      if (opened.head) heads.push(opened.head);
      if (elements.length > mostElements) stop('elements');
      else if (open.length > mostDepth) stop('depth');
    },
    ontext(data) {
      text += data;
    },
    onclosetag() {
      const closed = open.pop();
      if (closed?.cell) closed.cell.to = text.length;
      if (closed?.head) heads.pop();
    },
  });
  parser.write(html);
  if (exceeds !== null) return tooComplex(exceeds);
  parser.end();

  const read = ({ headings, rows }: Table): HtmlTable => {
    const textOf = ({ from, to }: Span) => cellText(text.slice(from, Math.min(to, from + longestCell)));
    const names = headings.map((cell) => textOf(cell).toLowerCase());
    return {
      column: (heading) => names.indexOf(heading.toLowerCase()),
      rows: rows.map((cells) => cells.map(textOf)),
    };
  };
  const matching = (selector: string) => {
    const matches = matcherOf(selector);
    return tables.filter(({ element }) => matches(element)).slice(0, mostTables);
  };
  return {
    has: (selector) => elements.some(matcherOf(selector)),
    table(selector) {
      const [table] = matching(selector);
      return table ? read(table) : null;
    },
    tables: (selector) => matching(selector).map(read),
  };
}

/** What an element is to the tables around it. Rows are a body's own, and cells a row's own. */
function openIn(parent: Open | undefined, head: Table | undefined, element: Element, at: number): Open {
  const { name } = element;
  const cell = { from: at, to: at };
  switch (name) {
    case 'table':
      return { name, table: { element, headings: [], rows: [] } };
    case 'thead':
      return { name, head: parent?.table };
    case 'tbody':
      return { name, body: parent?.table };
    case 'tr': {
      const row: Span[] = [];
      parent?.body?.rows.push(row);
      return { name, row: parent?.body && row };
    }
    case 'td':
    case 'th':
      if (name === 'th') head?.headings.push(cell);
      parent?.row?.push(cell);
      return { name, cell };
    default:
      return { name };
  }
}

function tooComplex(exceeds: 'elements' | 'depth'): { failure: Failure } {
  const most = exceeds === 'elements' ? mostElements : mostDepth;
  return {
    failure: {
      reason: 'schema_drift',
      detail: { code: 'page_too_complex', exceeds, most },
      message: `The page has ${exceeds === 'elements' ? `more than ${most} elements` : `elements within more than ${most} others`}: no page of a source has.`,
    },
  };
}

const simple = /^([a-z][a-z0-9]*)?((?:[.#][\w-]+|\[[\w-]+\])*)$/i;

/** Throws for a selector that is not a simple one: ours are all written down in parsers. */
function matcherOf(selector: string): (element: Element) => boolean {
  const alternatives = selector.split(',').map((each) => {
    const [, name, rest = ''] = simple.exec(each.trim()) ?? [];
    if (name === undefined && rest === '') throw new Error(`${each} is not a simple selector.`);
    const parts = [...rest.matchAll(/([.#[])([\w-]+)/g)].map(([, kind = '', value = '']) => ({ kind, value }));
    return (element: Element) =>
      (name === undefined || element.name === name.toLowerCase()) && parts.every((part) => hasPart(element, part));
  });
  return (element) => alternatives.some((matches) => matches(element));
}

function hasPart({ attributes }: Element, { kind, value }: { kind: string; value: string }): boolean {
  if (kind === '[') return Object.hasOwn(attributes, value);
  const given = attributes[kind === '#' ? 'id' : 'class'] ?? '';
  return kind === '#' ? given === value : given.split(/\s+/).includes(value);
}

/** Text as displayed: without what nobody sees, and runs of spaces, breaking or not, are one space. */
function cellText(text: string): string {
  return text
    .replaceAll(/\p{Cf}+/gu, '')
    .replaceAll(/\s+/g, ' ')
    .trim();
}
