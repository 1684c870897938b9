import type * as z from 'zod';
import { barRowSchema, firstLineHeader, importMedia, pathOfLine, quoteRowSchema } from '../../contracts/imports.ts';
import type { RowFinding } from '../../contracts/words/row-findings.ts';
import { type Bar, type BarBasis, type BarInterval, intervalMs } from '../../market/bar.ts';
import { type DecimalText, decimalFromNumber, decimalFromText, divide } from '../../market/decimal.ts';
import { exchangeOf, pseudoMics } from '../../market/exchange.ts';
import type { AssetClass } from '../../market/instrument.ts';
import { type CurrencyUnit, currencyUnit, noCurrency } from '../../market/money.ts';
import { canonicalSymbol } from '../../market/symbol.ts';
import { calendarOfSymbol } from '../../market/symbol-calendar.ts';
import { localClock, startOfDate } from '../../market/zoned-date.ts';
import type {
  CurrencylessBar,
  Parsed,
  ParsedBars,
  ParsedQuote,
  Rejection,
  SourceAnswer,
  SourceParser,
  Subject,
} from '../parser.ts';
import { fieldsOf, invalidFields } from '../reading/json.ts';
import { linesOf, type TextLine } from './lines.ts';

/** Reads the rows of an import, one a line: a line that cannot be read costs itself only. Never throws. */
export const importParser: SourceParser = {
  version: 'import-1',
  requests: () => [],
  parse: (kind, answer) => (kind === 'quotes' ? parseQuotes(answer) : parseBars(answer)),
  failureIn: () => null,
};

function parseQuotes(answer: SourceAnswer): Parsed {
  const quotes: ParsedQuote[] = [];
  const rejections = eachRow(answer, quoteRowSchema, (row, line) => {
    const about = aboutOf(row);
    if ('field' in about) return about;
    const { subject, unit } = about;
    const fields: string[] = [];
    const money = amounts(unit, fields);
    const price = money('price', row.price);
    const quote = {
      previousClose: money('previousClose', row.previousClose),
      bid: money('bid', row.bid),
      ask: money('ask', row.ask),
      volume: amount('volume', row.volume, fields),
      minorFactor: unit?.minorFactor ?? 1,
      session: row.session ?? null,
      delaySeconds: null,
      asOf: Date.parse(row.asOf),
      asOfBasis: 'exchange',
    } as const;
    if (fields.length > 0 || price === null) return { field: fields };
    quotes.push({
      subject,
      quote: unit ? { ...quote, price, currency: unit.currency } : { ...quote, price, currency: null },
      place: pathOfLine(line),
    });
    return null;
  });
  return { quotes, bars: [], rejections, failure: null, missing: [] };
}

interface Series {
  readonly subject: Subject;
  readonly basis: BarBasis;
  readonly bars: (Bar | CurrencylessBar)[];
}

function parseBars(answer: SourceAnswer): Parsed {
  const series = new Map<string, Series>();
  const rejections = eachRow(answer, barRowSchema, (row, line) => {
    const about = aboutOf(row);
    if ('field' in about) return about;
    const { subject, unit, zone } = about;
    const interval = row.interval ?? '1d';
    const basis = row.basis ?? 'raw';
    const placed = placeOf(row, interval, zone);
    if ('field' in placed) return placed;
    const fields: string[] = [];
    const money = amounts(unit, fields);
    const close = money('close', row.close);
    const rest = {
      interval,
      ...placed,
      open: money('open', row.open),
      high: money('high', row.high),
      low: money('low', row.low),
      volume: amount('volume', row.volume, fields),
      minorFactor: unit?.minorFactor ?? 1,
      line,
    };
    if (fields.length > 0 || close === null) return { field: fields };
    const key = `${interval} ${subject.symbol}`;
    const known = series.get(key) ?? { subject, basis, bars: [] };
    // The bars of a series are stored as of one basis.
    if (known.basis !== basis) return { field: ['basis'] };
    series.set(key, known);
    known.bars.push(unit ? { ...rest, close, currency: unit.currency } : { ...rest, close, currency: null });
    return null;
  });
  const basisAt = Date.parse(answer.fetchedAt);
  const bars = [...series.values()].map((each): ParsedBars => ({ ...each, basisAt, actions: [], isSelection: true }));
  return { quotes: [], bars, rejections, failure: null, missing: [] };
}

interface Wrong {
  readonly field: readonly string[];
}

/** Reads each line by a schema and gives those that are wrong. */
function eachRow<T extends z.ZodType>(
  answer: SourceAnswer,
  schema: T,
  read: (row: z.output<T>, line: number) => Wrong | null,
): Rejection[] {
  const { body = '', headers = {} } = answer.response ?? {};
  const first = Number(headers[firstLineHeader] ?? 1);
  const lines = linesOf(body, headers['content-type'] === importMedia.csv ? 'csv' : 'ndjson');
  const rejections: Rejection[] = [];
  for (const { at, value, problem } of lines) {
    const line = (Number.isSafeInteger(first) && first > 0 ? first : 1) + at;
    const found = problem === null ? schema.safeParse(value) : null;
    const wrong = found?.success
      ? read(found.data, line)
      : { field: found ? wrongFields(found.error) : [problem ?? 'row'] };
    if (wrong === null) continue;
    rejections.push({
      symbol: symbolIn(value),
      reason: 'schema',
      finding: findingOf(wrong.field),
      detail: problem === null ? `Missing, not known or of another form: ${wrong.field.join(', ')}.` : inWords[problem],
      path: pathOfLine(line),
    });
  }
  return rejections;
}

const inWords: Readonly<Record<NonNullable<TextLine['problem']>, string>> = {
  json: 'The line is no JSON object.',
  columns: 'The line has not as many cells as the heading has columns.',
  quotes: 'A quotation mark of the line is not closed.',
  long: 'The line is too long.',
};

/** The fields that are wrong, and those that no row has. */
function wrongFields(error: z.ZodError): string[] {
  const unknown = error.issues.flatMap((issue) => (issue.code === 'unrecognized_keys' ? issue.keys : []));
  const plain = unknown.slice(0, 20).map((key) => key.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 60));
  return plain.length > 0 ? plain : fieldsOf(error);
}

function findingOf(fields: readonly string[]): RowFinding {
  return invalidFields(fields.length === 0 ? ['row'] : fields);
}

function symbolIn(value: unknown): string | null {
  const symbol = typeof value === 'object' && value !== null && 'symbol' in value ? value.symbol : null;
  return typeof symbol === 'string' ? symbol.slice(0, 64) : null;
}

type Row = z.output<typeof quoteRowSchema> | z.output<typeof barRowSchema>;

/** What a row is about. `listing` is `null` where the row has no currency, as it stands on the one that is known. */
type About = { readonly subject: Subject; readonly unit: CurrencyUnit | null; readonly zone: string } | Wrong;

/** By what rows say of their instrument: a file says the same in thousands of rows. */
const abouts = new Map<string, About>();
const mostAbouts = 20_000;

function aboutOf(row: Row): About {
  const key = [row.symbol, row.currency, row.mic, row.assetClass, row.name].join('\n');
  const known = abouts.get(key);
  if (known) return known;
  const about = readAbout(row);
  if (abouts.size >= mostAbouts) abouts.clear();
  abouts.set(key, about);
  return about;
}

function readAbout(row: Row): About {
  const symbol = canonicalSymbol(row.symbol);
  if (symbol === null) return { field: ['symbol'] };
  const said = row.currency ?? null;
  const unit = said === null ? null : said === noCurrency ? { currency: said, minorFactor: 1 } : currencyUnit(said);
  if (said !== null && unit === null) return { field: ['currency'] };
  const assetClass = row.assetClass ?? classOf(symbol);
  const mic = row.mic ?? micOf(assetClass);
  const venue = exchangeOf(mic);
  if (row.mic != null && venue.mic !== row.mic) return { field: ['mic'] };
  const zone = row.mic == null ? (calendarOfSymbol(symbol)?.zone ?? 'UTC') : venue.zone;
  const listing = unit && { mic, zone, ...unit };
  return { subject: { symbol, name: row.name ?? null, assetClass, listing }, unit, zone };
}

/** What a symbol is by how it is written; `other` where that says nothing. */
function classOf(symbol: string): AssetClass {
  if (symbol.startsWith('^')) return 'index';
  if (symbol.endsWith('=X')) return 'fx';
  if (symbol.endsWith('=F')) return 'future';
  return calendarOfSymbol(symbol) === null ? 'crypto' : 'other';
}

function micOf(assetClass: AssetClass): string {
  if (assetClass === 'crypto' || assetClass === 'fx' || assetClass === 'index') return pseudoMics[assetClass];
  return pseudoMics.unknown;
}

/** Where a bar is in time: bars of a day or longer by their date, shorter ones by their start. */
function placeOf(
  { date, startsAt }: z.output<typeof barRowSchema>,
  interval: BarInterval,
  zone: string,
): { startsAt: number; date: string | null } | Wrong {
  if (intervalMs(interval) < intervalMs('1d'))
    return startsAt == null ? { field: ['startsAt'] } : { startsAt: Date.parse(startsAt), date: null };
  const start = date == null ? null : startOfDay(date, zone);
  if (date == null || start === null) return { field: ['date'] };
  return { startsAt: start, date };
}

/** By zone and date: finding one asks the runtime a dozen times, and a file has the same days for each symbol. */
const starts = new Map<string, number | null>();
const mostStarts = 50_000;

function startOfDay(date: string, zone: string): number | null {
  const key = `${zone} ${date}`;
  const known = starts.get(key);
  if (known !== undefined) return known;
  const start = quickStart(date, zone) ?? startOfDate(date, zone);
  if (starts.size >= mostStarts) starts.clear();
  starts.set(key, start);
  return start;
}

const clocks = new Map<string, ReturnType<typeof localClock>>();
const hourMs = 3_600_000;

/** Midnight of a date where the clocks of the zone are not changed within hours of it; `null` elsewhere. */
function quickStart(date: string, zone: string): number | null {
  const utc = Date.parse(`${date}T00:00:00Z`);
  if (!Number.isFinite(utc)) return null;
  const clock = clocks.get(zone) ?? localClock(zone);
  clocks.set(zone, clock);
  const start = utc - (clock(utc) - utc);
  return clock(start) === utc && clock(start - 3 * hourMs) === utc - 3 * hourMs ? start : null;
}

type Given = number | string | null | undefined;

/** Reads prices of a unit into major ones. Notes the names of those that are no number. */
function amounts(unit: CurrencyUnit | null, wrong: string[]) {
  return (name: string, value: Given): DecimalText | null => {
    const text = amount(name, value, wrong);
    return text === null || unit === null || unit.minorFactor === 1 ? text : divide(text, unit.minorFactor);
  };
}

function amount(name: string, value: Given, wrong: string[]): DecimalText | null {
  if (value === null || value === undefined) return null;
  const text = typeof value === 'number' ? decimalFromNumber(value) : decimalFromText(value);
  if (text === null) wrong.push(name);
  return text === null ? null : shortest(text);
}

/** A decimal without the zeros that it is filled up with: `012.50` is the same price as `12.5`. */
function shortest(text: DecimalText): DecimalText {
  const [, sign = '', whole = '0', fraction = ''] = /^(-?)0*(\d+?)(?:\.(\d*?)0*)?$/.exec(text) ?? [];
  const digits = fraction === '' ? whole : `${whole}.${fraction}`;
  return digits === '0' ? digits : `${sign}${digits}`;
}
