import { type ImportFormat, importLimits } from '../../contracts/imports.ts';

/** A line with what it says, unread. */
export interface TextLine {
  /** Its place after the heading, from 0. */
  readonly at: number;
  readonly value: unknown;
  /** Why it says nothing. */
  readonly problem: 'json' | 'columns' | 'quotes' | 'long' | null;
}

/** The lines of a text. Empty ones are left out, and count all the same. */
export function* linesOf(text: string, format: ImportFormat): Generator<TextLine> {
  const lines = text.replace(/^\ufeff/, '').split(/\r?\n/);
  if (format === 'ndjson') {
    for (const [at, line] of lines.entries()) if (line.trim() !== '') yield json(at, line);
    return;
  }
  const [heading = '', ...rows] = lines;
  const columns = cellsOf(heading)?.map((name) => name.trim()) ?? [];
  for (const [at, line] of rows.entries()) if (line.trim() !== '') yield csv(at, line, columns);
}

function json(at: number, line: string): TextLine {
  if (line.length > importLimits.line) return { at, value: null, problem: 'long' };
  try {
    const value: unknown = JSON.parse(line);
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? { at, value, problem: null } : { at, value: null, problem: 'json' };
  } catch {
    return { at, value: null, problem: 'json' };
  }
}

/** The cells by the names of their columns. An empty cell is a missing value. */
function csv(at: number, line: string, columns: readonly string[]): TextLine {
  if (line.length > importLimits.line) return { at, value: null, problem: 'long' };
  const cells = cellsOf(line);
  if (cells === null) return { at, value: null, problem: 'quotes' };
  const named = columns.flatMap((name, place): [string, string][] => {
    const cell = cells[place] ?? '';
    return cell === '' ? [] : [[name, cell]];
  });
  const value = Object.fromEntries(named);
  return { at, value, problem: cells.length === columns.length ? null : 'columns' };
}

/** The cells of a line of CSV, or `null` where a quotation mark is not closed: a cell goes over no second line. */
export function cellsOf(line: string, separator = ','): string[] | null {
  if (!line.includes('"')) return line.split(separator);
  const cells: string[] = [];
  for (let at = 0; at <= line.length; ) {
    if (line[at] !== '"') {
      const end = line.indexOf(separator, at);
      cells.push(line.slice(at, end === -1 ? line.length : end));
      if (end === -1) return cells;
      at = end + 1;
      continue;
    }
    let cell = '';
    for (at++; ; ) {
      const mark = line.indexOf('"', at);
      if (mark === -1) return null;
      cell += line.slice(at, mark);
      at = mark + 1;
      if (line[at] !== '"') break;
      cell += '"';
      at++;
    }
    cells.push(cell);
    if (at >= line.length) return cells;
    if (line[at] !== separator) return null;
    at++;
  }
  return cells;
}
