import { Parser } from 'htmlparser2';
import type { Failure } from '../../contracts/failure.ts';
import { listAttribute, partAttribute, verdictAttribute } from '../../contracts/words/shown-marks.ts';
import { type HtmlTable, readTables, type Table } from './html-table.ts';
import { type Open, ShownText } from './shown-text.ts';

/**
 * A parsed page. Selectors are the simple ones of CSS, separated by commas: `table.wide#prices[data-rows]`, without
 * spaces, which would mean descendants.
 */
export interface HtmlPage {
  /** Whether an element matches a selector, displayed or not. */
  has(selector: string): boolean;
  /** Of the displayed tables that match, the one with the most rows, or `null`. */
  table(selector: string): HtmlTable | null;
  /** All displayed tables that match, those with the most rows first. */
  tables(selector: string): HtmlTable[];
  /** The values of an attribute of all elements that match. */
  attributes(selector: string, name: string): string[];
  /** What people see of the page, cut where it is long. */
  readonly text: string;
  /** What the browser says of the table that the page was loaded for; `null` for pages without one. */
  readonly list: HtmlList | null;
}

/** Whether a table is there whole. */
export interface HtmlList {
  readonly isWhole: boolean;
  readonly rows: number;
  /** How many the page says that there are, where it does. */
  readonly said: number | null;
  /** It could not be read to its end in time, where it is not whole. */
  readonly isUnfinished: boolean;
}

export type { HtmlTable } from './html-table.ts';

/** The maximum number of tables to read of a page. */
const mostTables = 50;
const longestText = 300_000;
/** A page of a source has a tenth of these. A browser itself nests elements no deeper. */
const mostElements = 200_000;
const mostDepth = 512;

interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/** An open element with what it is to a table: `head`, `body` and `row` are the table's own. */
interface Opened extends Open {
  table?: Table;
  part?: { readonly of: Table; readonly name: 'head' | 'body' | 'foot' };
  row?: Table['rows'][number];
  cell?: Table['rows'][number]['cells'][number];
}

/**
 * Reads HTML in one pass, in a time that grows with its length and no faster. Any text is a page; one with too many
 * elements, or too deep ones, is left where it exceeds the limit, and is a failure.
 */
export function readHtml(html: string): HtmlPage | { readonly failure: Failure } {
  const elements: Element[] = [];
  const tables: { readonly element: Element; readonly table: Table }[] = [];
  const open: Opened[] = [];
  const text = new ShownText();
  let main: Table | null = null;
  let list: HtmlList | null = null;
  let exceeds: 'elements' | 'depth' | null = null;
  const stop = (what: 'elements' | 'depth') => {
    exceeds = what;
    parser.pause();
  };
  const parser = new Parser({
    onopentag(name, attributes) {
      const element = { name, attributes };
      const opened = openIn(open.at(-1), text, element);
      elements.push(element);
      open.push(opened);
      if (opened.table && Object.hasOwn(attributes, partAttribute))
        opened.table = { shown: false, rows: [], partOf: main };
      else if (opened.table) tables.push({ element, table: opened.table });
      if (opened.table && Object.hasOwn(attributes, listAttribute)) main = opened.table;
      if (Object.hasOwn(attributes, verdictAttribute)) list = listOf(attributes);
      if (elements.length > mostElements) stop('elements');
      else if (open.length > mostDepth) stop('depth');
    },
    ontext(data) {
      text.write(data, open.at(-1));
    },
    onclosetag() {
      const closed = open.pop();
      if (closed) text.close(closed);
      if (closed?.cell) text.end(closed.cell);
    },
  });
  parser.write(html);
  if (exceeds !== null) return tooComplex(exceeds);
  parser.end();

  const all = readTables(
    tables.map(({ table }) => table),
    text,
  );
  const matching = (selector: string) => {
    const matches = matcherOf(selector);
    return tables
      .flatMap(({ element, table }, at) => (table.shown && matches(element) ? [{ at, rows: table.rows.length }] : []))
      .sort((a, b) => b.rows - a.rows)
      .slice(0, mostTables)
      .map(({ at }) => all(at))
      .sort((a, b) => b.rows.length - a.rows.length);
  };
  return {
    has: (selector) => elements.some(matcherOf(selector)),
    table: (selector) => matching(selector)[0] ?? null,
    tables: matching,
    attributes(selector, name) {
      const matches = matcherOf(selector);
      return elements
        .filter(matches)
        .flatMap(({ attributes }) => Object.entries(attributes).flatMap(([key, value]) => (key === name ? value : [])))
        .slice(0, mostTables);
    },
    get text() {
      return text.start(longestText);
    },
    list,
  };
}

function listOf(attributes: Element['attributes']): HtmlList {
  const verdict = attributes[verdictAttribute];
  const figure = (text = '') => (/^\d{1,9}$/.test(text) ? Number(text) : null);
  return {
    isWhole: verdict === 'whole',
    rows: figure(attributes['data-rows']) ?? 0,
    said: figure(attributes['data-said']),
    isUnfinished: verdict === 'growing' || verdict === 'quota',
  };
}

/** What an element is to the text and the tables around it. Rows are a table's own, and cells a row's own. */
function openIn(parent: Opened | undefined, text: ShownText, { name, attributes }: Element): Opened {
  // Begun first: what a style writes before the content of a cell is of the cell.
  const cell =
    (name === 'td' || name === 'th') && parent?.row
      ? text.begin({
          isHeading: name === 'th',
          columns: spanOf(attributes['colspan']),
          rows: spanOf(attributes['rowspan']),
        })
      : undefined;
  const opened: Opened = text.open(name, attributes, parent);
  switch (name) {
    case 'table':
      opened.table = { shown: !opened.unseen, rows: [] };
      break;
    case 'thead':
    case 'tbody':
    case 'tfoot':
      if (parent?.table) opened.part = { of: parent.table, name: partOf[name] };
      break;
    case 'tr': {
      const part = parent?.part ?? (parent?.table && ({ of: parent.table, name: 'body' } as const));
      if (!part) break;
      opened.row = { part: part.name, cells: [] };
      if (opened.unseen) break;
      if (!part.of.partOf) part.of.rows.push(opened.row);
      else if (part.name === 'body') part.of.partOf.rows.push(opened.row);
      break;
    }
    case 'td':
    case 'th':
      if (!parent?.row || !cell) break;
      opened.cell = cell;
      if (!opened.gone) parent.row.cells.push(cell);
      break;
  }
  return opened;
}

const partOf = { thead: 'head', tbody: 'body', tfoot: 'foot' } as const;

function spanOf(attribute: string | undefined): number {
  return attribute !== undefined && /^[1-9]\d{0,2}$/.test(attribute.trim()) ? Number(attribute) : 1;
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
