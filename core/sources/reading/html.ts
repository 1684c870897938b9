import { type CheerioAPI, load } from 'cheerio/slim';

/** A table of a page as text: what stands in each cell, without markup. */
export interface HtmlTable {
  /** Where the column with this heading is, or -1. Case and spaces do not matter. */
  column(heading: string): number;
  readonly rows: readonly (readonly string[])[];
}

/** A parsed page. Never throws: any text is a page. */
export interface HtmlPage {
  /** Whether an element matches a CSS selector. */
  has(selector: string): boolean;
  /** The first table that matches, or `null`. Rows of its body only. */
  table(selector: string): HtmlTable | null;
  /** All tables that match. */
  tables(selector: string): HtmlTable[];
}

type Node = NonNullable<Parameters<CheerioAPI['text']>[0]>[number];

/** The maximum number of tables to read of a page. */
const mostTables = 50;

/** Reads HTML. */
export function readHtml(html: string): HtmlPage {
  const page = load(html);
  const textOf = (cell: Node) => cellText(page.text([cell]));
  const read = (table: ReturnType<typeof page>): HtmlTable => {
    const headings = table
      .children('thead')
      .find('th')
      .toArray()
      .map((cell) => textOf(cell).toLowerCase());
    return {
      column: (heading) => headings.indexOf(heading.toLowerCase()),
      // A body's own rows and a row's own cells, without a search in each of five hundred rows.
      rows: table
        .children('tbody')
        .children('tr')
        .toArray()
        .map((row) => row.children.filter(isCell).map(textOf)),
    };
  };
  return {
    has: (selector) => page(selector).length > 0,
    table(selector) {
      const table = page(selector).first();
      return table.length === 0 ? null : read(table);
    },
    tables: (selector) =>
      page(selector)
        .toArray()
        .slice(0, mostTables)
        .map((table) => read(page(table))),
  };
}

function isCell(node: Node): boolean {
  return 'name' in node && (node.name === 'td' || node.name === 'th');
}

/** Text as displayed: runs of spaces, breaking or not, are one space. */
function cellText(text: string): string {
  return text.replaceAll(/[\s\u00a0]+/g, ' ').trim();
}
