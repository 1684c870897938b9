import { stripVTControlCharacters, styleText } from 'node:util';

type Tone = 'good' | 'bad' | 'fair' | 'dim' | 'strong';
const formats = { good: 'green', bad: 'red', fair: 'yellow', dim: 'dim', strong: 'bold' } as const;

/** Where a command writes. Results go to stdout; progress, notes and warnings to stderr, so that a pipe gets results only. */
export interface Output {
  readonly json: boolean;
  /** Prints the result as JSON or as text. Text that came from a source must have gone through `safe`. */
  result(data: unknown, text: () => string): void;
  /** Prints progress to stderr; nothing with `--json`. */
  progress(line: string): void;
}

/** `simulated` gives the ids of the sources whose data are made up, as far as answers have named them. */
export function outputOf(json: boolean, simulated: () => readonly string[] = () => []): Output {
  return {
    json,
    result: (data, text) => process.stdout.write(json ? `${jsonText(marked(data, simulated()), 2)}\n` : `${text()}\n`),
    progress(line) {
      if (!json) process.stderr.write(`${line}\n`);
    },
  };
}

/**
 * A result with a mark where data may be made up. An object or a row of a list that names sources is, where one of them is
 * simulated; one that names none, where any source is.
 */
export function marked(data: unknown, simulated: readonly string[]): unknown {
  if (simulated.length === 0) return data;
  const markOf = (of: object) => {
    const named = new Set(sourcesIn(of));
    const own = named.size === 0 ? simulated : simulated.filter((id) => named.has(id));
    return own.length === 0 ? { simulated: false } : { simulated: true, simulatedSources: own };
  };
  if (Array.isArray(data)) return data.map((row) => (isRecord(row) ? { ...markOf(row), ...row } : row));
  return isRecord(data) ? { ...markOf(data), ...data } : data;
}

/** The ids of the sources that a result names, at any depth. */
function sourcesIn(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(sourcesIn);
  if (!isRecord(value)) return [];
  return Object.entries(value).flatMap(([key, of]) =>
    (key === 'source' || key === 'sourceId') && typeof of === 'string' ? [of] : sourcesIn(of),
  );
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Untrusted text on one line, with control and format characters escaped, so that it cannot steer the terminal. */
export function safe(text: string): string {
  return text
    .replaceAll(/[\t\n\r\v\f\u0085\u2028\u2029]+/g, ' ')
    .replaceAll(/[\p{Cc}\p{Cf}\p{Co}\p{Cs}]/gu, (char) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`);
}

/** JSON with control and format characters escaped: `JSON.stringify` leaves those above U+007E, some of which steer terminals. */
export function jsonText(value: unknown, indent = 0): string {
  return JSON.stringify(value, null, indent).replaceAll(/[\u007f-\u009f\u2028\u2029]|\p{Cf}/gu, (char) =>
    [...Array(char.length).keys()].map((at) => `\\u${char.charCodeAt(at).toString(16).padStart(4, '0')}`).join(''),
  );
}

/** Coloured text where stdout is a terminal with colours and NO_COLOR is not set; otherwise the text unchanged. */
export function tinted(tone: Tone, text: string): string {
  return styleText(formats[tone], text, { stream: process.stdout });
}

const tones: ReadonlyMap<string, Tone> = new Map(
  Object.entries<Tone>({
    ...{ healthy: 'good', succeeded: 'good', verified: 'good', running: 'good', pass: 'good', done: 'good' },
    ...{ failed: 'bad', stopped: 'bad', fail: 'bad' },
    ...{ degraded: 'fair', limited: 'fair', partial: 'fair', mitigated: 'fair', warn: 'fair' },
    ...{ open: 'fair', resolved: 'dim', queued: 'dim', expired: 'dim' },
    ...{ paused: 'dim', unknown: 'dim', planned: 'dim', pending: 'dim', cancelled: 'dim' },
  }),
);

/** A status word in its colour. */
export function status(word: string): string {
  const tone = tones.get(word);
  return tone ? tinted(tone, word) : safe(word);
}

/**
 * Rows under headings, with aligned columns. Cells are cut at `widest` characters, and at a terminal further, the widest
 * column first, so that a row stays on one line. Columns whose heading is in `numbers` are aligned at their right end.
 */
export function table(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
  widest = 100,
  numbers: readonly string[] = [],
  room = process.stdout.isTTY ? process.stdout.columns : undefined,
): string {
  const whole = rows.map((row) => headings.map((_, place) => cut(row[place] ?? '', widest)));
  const widths = fitted(
    headings.map((heading, place) =>
      whole.reduce((most, row) => Math.max(most, width(row[place] ?? '')), width(heading)),
    ),
    room ?? Number.POSITIVE_INFINITY,
  );
  const cells = whole.map((row) => row.map((cell, place) => cut(cell, widths[place] ?? widest)));
  const isNumber = headings.map((heading) => numbers.includes(heading));
  const line = (row: readonly string[]) =>
    row
      .map((cell, place) => {
        const space = ' '.repeat(Math.max(0, (widths[place] ?? 0) - width(cell)));
        return isNumber[place] ? space + cell : cell + space;
      })
      .join('  ')
      .trimEnd();
  return [
    tinted('dim', line(headings.map((heading, place) => cut(heading, widths[place] ?? widest)))),
    ...cells.map(line),
  ].join('\n');
}

/** Narrower than this, a column says nothing. */
const narrowest = 6;

/** Widths of columns that fit into a line of the terminal: the widest column gives way first. */
function fitted(widths: readonly number[], room: number): readonly number[] {
  const fits = [...widths];
  const gaps = 2 * (widths.length - 1);
  for (let over = fits.reduce((sum, each) => sum + each, gaps) - room; over > 0; over--) {
    const most = Math.max(...fits);
    if (most <= narrowest) break;
    fits[fits.indexOf(most)] = most - 1;
  }
  return fits;
}

/** Names and values, one a line. */
export function fields(of: Readonly<Record<string, string | null>>): string {
  const rows = Object.entries(of).filter((row): row is [string, string] => row[1] !== null);
  const widest = Math.max(...rows.map(([name]) => width(name)));
  return rows.map(([name, value]) => `${tinted('dim', name.padEnd(widest))}  ${value}`).join('\n');
}

function width(text: string): number {
  return stripVTControlCharacters(text).length;
}

function cut(text: string, most: number): string {
  // Coloured text is our own and short, and cutting it could split an escape sequence.
  return width(text) > most && text === stripVTControlCharacters(text) ? `${text.slice(0, most - 1)}…` : text;
}

/** An instant for people: `2026-11-22 19:40:12 UTC`, or a dash. */
export function instant(at: string | null): string {
  return at === null ? '–' : `${at.slice(0, 19).replace('T', ' ')} UTC`;
}

/** How long ago, or in how long, an instant is: `3 min ago`, `in 2 h`. */
export function distance(at: string | null, now = Date.now()): string {
  if (at === null) return '–';
  const seconds = Math.round((Date.parse(at) - now) / 1000);
  const [size, unit] =
    Math.abs(seconds) < 90
      ? [1, 's']
      : Math.abs(seconds) < 5400
        ? [60, 'min']
        : Math.abs(seconds) < 172_800
          ? [3600, 'h']
          : [86_400, 'days'];
  const count = Math.round(Math.abs(seconds) / size);
  return seconds > 0 ? `in ${count} ${unit}` : `${count} ${unit} ago`;
}

/** When something is due: `in 2 min`, or that it is by now. */
export function due(at: string | null, now = Date.now()): string {
  return at !== null && Date.parse(at) - now < 500 ? 'due now' : distance(at, now);
}

export function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}
