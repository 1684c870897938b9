/** A cell: a number is given as decimal text under a column of kind `number`. */
type Cell = string | number | boolean | null;

export interface Column<Row> {
  readonly name: string;
  /** The name of the field in JSON where it is another one: `instrument.symbol`. */
  readonly field?: string;
  /** `number` cells are written as they are, so that -1.5 stays a number; `text` cells are made formula-safe. */
  readonly kind: 'text' | 'number';
  readonly of: (row: Row) => Cell;
}

/**
 * A table as RFC 4180: header row, CRLF, quotes doubled. Text that a spreadsheet would run as a formula (leading `=`,
 * `+`, `-`, `@`, tab, CR, or their full-width forms) gets an apostrophe in front, as OWASP advises.
 *
 * @example
 * toCsv([{ name: 'symbol', kind: 'text', of: (row) => row }], ['=1+1']) // "symbol\r\n'=1+1\r\n"
 */
export function toCsv<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string {
  const lines = [columns.map((column) => cell(column.name)).join(',')];
  for (const row of rows) {
    lines.push(columns.map((column) => write(column, row)).join(','));
  }
  return `${lines.join('\r\n')}\r\n`;
}

function write<Row>(column: Column<Row>, row: Row): string {
  const value = column.of(row);
  if (value === null) return '';
  const text = String(value);
  const safe = column.kind === 'number' && plainNumber.test(text);
  return cell(safe ? text : text.replace(dangerous, "'$&"));
}

const plainNumber = /^-?\d+(\.\d+)?$/;
const dangerous = /^[=+\-@\t\r\n\uFF1D\uFF0B\uFF0D\uFF20]/;

function cell(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
