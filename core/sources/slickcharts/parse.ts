/**
 * Reads a page of SlickCharts: one table, one row a member. Columns are found by their headings, which have moved before.
 *
 * A page is believed as a whole or not at all: with a number of members that the index cannot have, or weights that do not
 * add up to 100 %, it is another page than this parser was written for.
 */
import { Decimal } from 'decimal.js';
import type { Failure } from '../../contracts/failure.ts';
import type { FailureDetail } from '../../contracts/words/failure-details.ts';
import type { JobKind } from '../../contracts/words/job-kinds.ts';
import type { PageSelectors } from '../../contracts/words/page-selectors.ts';
import { type DecimalText, divide, subtract } from '../../market/decimal.ts';
import { pseudoMics } from '../../market/exchange.ts';
import { canonicalSymbol } from '../../market/symbol.ts';
import type { ParsedMember, ParsedQuote, Rejection, SourceAnswer, SourceParser, Subject } from '../parser.ts';
import { isDoubled, mostAreDoubled } from '../reading/doubled-text.ts';
import { type HtmlPage, type HtmlTable, readHtml } from '../reading/html.ts';
import { transportFailure } from '../reading/http-failure.ts';
import { invalidFields } from '../reading/json.ts';
import { numberFromText, percentFromText } from '../reading/number-text.ts';
import { type PageDates, pageTime, tooOld } from '../reading/page-time.ts';
import { standInOf } from '../reading/stand-ins.ts';
import { unfinishedList } from '../reading/whole-list.ts';
import { pagePeriodSeconds, type SlickChartsIndex, slickChartsIndices } from './indices.ts';

const tableSelector = 'table.table-hover.table-borderless.table-sm';
/**
 * The alternative: any table of the page, recognized by its headings. Slower, and mistaken where a second table has the
 * same headings, so it is used only when a recovery finds that the classes have changed.
 */
const anyTable = 'table';

/** Weights are rounded to two digits: 503 of them are off by less than this together. */
const weightTolerance = 0.02;

/**
 * The previous close is not on the page: it is the price less its change. A wrong price would thus confirm itself,
 * were it not for the change in per cent, which contradicts it. Of a smaller change than this the two digits are too few.
 */
const leastPercent = 0.02;

/** A member with whether its previous close says anything of its price. */
type Member = ParsedMember & { readonly saysPrevious: boolean };

/** Where the page says of when its prices are. */
const pageDates: PageDates = {
  words: [
    '(?:prices?|quotes?|data|weights?|holdings|members|components|values?)(?: are| is)? as of',
    'last (?:updated?|refresh(?:ed)?|change)(?: on| at)?',
    'updated(?: on| at)?|stand',
    'as of',
  ],
  attributes: [{ selector: 'table[data-as-of]', name: 'data-as-of' }],
  zone: 'America/New_York',
};
/** Servers that make a page while it is asked for say so to the second, and clocks differ. A page this old is of now. */
const ofNowMs = 5 * 60_000;

/** The venue is not said. All members are listed in New York. */
const unsaid = { mic: pseudoMics.unknown, currency: 'USD', minorFactor: 1, zone: 'America/New_York' } as const;

export const slickchartsParser: SourceParser = {
  version: 'slickcharts-3',
  requests: ({ symbols, selectors = 'main' }) =>
    symbols.map((symbol) => ({
      path: `/${symbol}`,
      query: {},
      symbols: [symbol],
      page: {
        waitFor: `${selectors === 'main' ? tableSelector : anyTable} tbody tr`,
        table: { selector: selectors === 'main' ? tableSelector : anyTable },
      },
      ...(selectors === 'main' ? {} : { selectors }),
    })),
  parse(kind, answer) {
    const { symbols } = answer.request;
    const opened = open(kind, answer);
    if ('failure' in opened)
      return { quotes: [], bars: [], rejections: [], failure: opened.failure, missing: symbols.slice(0, 1) };
    const { index, members, rejections, asOf } = opened;
    return {
      quotes: members.map((member) => quoteOf(member, asOf)),
      bars: [],
      constituents: [
        { index: indexSubject(index), asOf, members: members.map(({ saysPrevious: _, ...member }) => member) },
      ],
      rejections,
      failure: null,
      missing: [],
    };
  },
  failureIn(kind, answer) {
    const opened = open(kind, answer);
    return 'failure' in opened ? opened.failure : null;
  },
};

/** What a page that is believed as a whole says. */
interface Members {
  readonly index: SlickChartsIndex;
  readonly members: readonly Member[];
  readonly rejections: readonly Rejection[];
}

/** The members on a page and when they were so, or why it is not believed. */
function open(kind: JobKind, answer: SourceAnswer): (Members & { readonly asOf: number }) | { failure: Failure } {
  const [asked] = answer.request.symbols;
  const index = slickChartsIndices.find((each) => each.symbol === asked);
  if (kind !== 'constituents' || !index)
    return {
      failure: {
        reason: 'bad_request',
        detail: { code: 'request_unsupported' },
        message: 'SlickCharts has no page on this.',
      },
    };
  const page = pageOf(answer);
  if ('failure' in page) return page;
  const opened = read(page, index, answer.request.selectors);
  if ('failure' in opened) {
    // A page that stands in for this one for a while is no redesign.
    const standIn = standInOf(answer.response?.body ?? '');
    return standIn ? { failure: standIn } : opened;
  }
  const fetchedAt = Date.parse(answer.fetchedAt);
  const time = pageTime(answer, page, pageDates);
  const old = tooOld(time, fetchedAt, pagePeriodSeconds);
  return old ? { failure: old } : { ...opened, asOf: fetchedAt - time.at > ofNowMs ? time.at : fetchedAt };
}

function pageOf(answer: SourceAnswer): HtmlPage | { readonly failure: Failure } {
  const failure = transportFailure(answer);
  if (failure) return { failure };
  return readHtml(answer.response?.body ?? '');
}

function drift(detail: FailureDetail, message: string): Failure {
  return { reason: 'schema_drift', detail, message };
}

interface Columns {
  readonly company: number;
  readonly symbol: number;
  readonly weight: number;
  readonly price: number;
  /** -1 where there is none. */
  readonly change: number;
  readonly percent: number;
}

function columnsOf(table: HtmlTable): Columns | Failure {
  const columns = {
    company: table.column('Company'),
    symbol: table.column('Symbol'),
    weight: table.column('Weight'),
    price: table.column('Price'),
  };
  const lost = Object.entries(columns).flatMap(([name, at]) => (at === -1 ? [name] : []));
  if (lost.length > 0)
    return drift(
      { code: 'columns_missing', columns: lost },
      `The table has no column for ${lost.join(', ')} any more.`,
    );
  return { ...columns, change: table.column('Chg'), percent: table.column('% Chg') };
}

function read(
  page: HtmlPage,
  index: SlickChartsIndex,
  selectors: PageSelectors = 'main',
): Members | { failure: Failure } {
  const tables = page.tables(selectors === 'alternative' ? anyTable : tableSelector);
  const table =
    tables.find((each) => !('reason' in columnsOf(each))) ?? (selectors === 'alternative' ? undefined : tables[0]);
  if (!table) return { failure: drift({ code: 'table_missing' }, 'The page has no table of members any more.') };
  const unfinished = unfinishedList(page);
  if (unfinished) return { failure: unfinished };
  const columns = columnsOf(table);
  if ('reason' in columns) return { failure: columns };
  const read: { readonly member: Member; readonly path: string }[] = [];
  const rejections: Rejection[] = [];
  for (const [at, row] of table.rows.entries()) {
    const path = `${tableSelector} tr[${at}]`;
    const member = memberOf(row, columns);
    if ('detail' in member) rejections.push({ ...member, reason: 'schema', path });
    else read.push({ member, path });
  }
  if (mostAreDoubled(table.rows.map((row) => row[columns.symbol] ?? '')))
    return {
      failure: drift({ code: 'doubled_text' }, 'The cells hold their text twice: no symbol of the table can be right.'),
    };
  const symbols = new Map(read.map(({ member }) => [keyOf(member), member]));
  const { from, to } = index.count;
  if (symbols.size < from || symbols.size > to)
    return {
      failure: drift(
        { code: 'member_count', members: symbols.size, least: from, most: to },
        `The page has ${symbols.size} readable members; ${index.name} has ${from} to ${to}.`,
      ),
    };
  const sum = [...symbols.values()].reduce((total, { weight }) => total.add(weight), new Decimal(0));
  const percent = sum.mul(100).toDecimalPlaces(2);
  if (sum.sub(1).abs().gt(weightTolerance))
    return {
      failure: drift(
        { code: 'weights_sum', percent: percent.toNumber() },
        `The weights add up to ${percent.toFixed()} % and not to 100 %.`,
      ),
    };
  return { index, members: withoutRivals(read, rejections), rejections };
}

/** One member for each symbol, ranked. Rows of one symbol that differ are all held back: nothing tells which is right. */
function withoutRivals(
  read: readonly { readonly member: Member; readonly path: string }[],
  rejections: Rejection[],
): Member[] {
  const members: Member[] = [];
  for (const [symbol, rows] of Map.groupBy(read, ({ member }) => keyOf(member))) {
    const [first] = rows;
    if (first && rows.every(({ member }) => isSameMember(member, first.member)))
      members.push({ ...first.member, rank: members.length + 1 });
    else
      for (const { path } of rows)
        rejections.push({
          symbol,
          reason: 'duplicate_conflict',
          finding: { code: 'conflicting_rows', rows: rows.length },
          detail: `The table has ${rows.length} different rows on this symbol.`,
          path,
        });
  }
  return members;
}

/** A share class has a point before it, or a hyphen. */
function keyOf({ subject }: Member): string {
  return subject.symbol.replace('.', '-');
}

function isSameMember(a: Member, b: Member): boolean {
  return a.weight === b.weight && a.price === b.price && a.previousClose === b.previousClose;
}

function memberOf(row: readonly string[], columns: Columns): Member | Pick<Rejection, 'symbol' | 'finding' | 'detail'> {
  const text = row[columns.symbol] ?? '';
  const symbol = canonicalSymbol(text.replace('.', '-')) ? text.toUpperCase().slice(0, 32) : null;
  const weight = percentFromText(row[columns.weight] ?? '');
  const price = dollars(row[columns.price] ?? '');
  if (isDoubled(text)) return { symbol, finding: { code: 'doubled_text' }, detail: 'The symbol is a text twice over.' };
  if (symbol === null) return { symbol: null, finding: invalidFields(['Symbol']), detail: 'The row has no symbol.' };
  if (weight === null || Number(weight) < 0 || Number(weight) > 100)
    return { symbol, finding: invalidFields(['Weight']), detail: 'The weight is no percentage.' };
  if (price === null || Number(price) <= 0)
    return { symbol, finding: invalidFields(['Price']), detail: 'The price is no positive number.' };
  const change = dollars(row[columns.change] ?? '');
  const percent = percentOf(row[columns.percent] ?? '', change);
  const before = previousCloseOf(price, change);
  if (before !== null && percent !== null && !agree(before, change, percent))
    return {
      symbol,
      finding: { code: 'contradicting_change' },
      detail: 'The price and the changes beside it contradict each other.',
    };
  return {
    subject: { symbol, name: row[columns.company] || null, assetClass: 'equity', listing: unsaid },
    rank: 0,
    weight: divide(weight, 100),
    price,
    previousClose: before,
    saysPrevious: before !== null && percent !== null && Math.abs(Number(percent)) >= leastPercent,
  };
}

/** A number that may have the sign of its currency before it: `$271.49`, `-$1.20`. */
function dollars(text: string): DecimalText | null {
  return numberFromText(text.replace(/^([-+(\u2212]? ?)(?:US ?)?\$ ?/, '$1'));
}

/** `0.81%`, `-1.74%`, `(0.81%)`: parentheses mean nothing here, and where they alone say minus the change says it too. */
function percentOf(text: string, change: DecimalText | null): DecimalText | null {
  const inner = /^\((.{1,30})\)$/.exec(text)?.[1];
  const percent = percentFromText(inner ?? text);
  return inner !== undefined && /^[\d.]/.test(inner) && percent !== null && change?.startsWith('-')
    ? `-${percent}`
    : percent;
}

function previousCloseOf(price: DecimalText, change: DecimalText | null): DecimalText | null {
  if (change === null) return null;
  const previous = subtract(price, change);
  return Number(previous) > 0 ? previous : null;
}

/** Whether a change in money and one in per cent are of the same price, as far as their two digits tell. */
function agree(previousClose: DecimalText, change: DecimalText | null, percent: DecimalText): boolean {
  const before = Number(previousClose);
  const difference = Number(change) / before - Number(percent) / 100;
  return Math.abs(difference) <= 0.00006 + 0.006 / before;
}

function quoteOf({ subject, price, previousClose, saysPrevious }: Member, asOf: number): ParsedQuote {
  return {
    subject,
    quote: {
      price,
      previousClose: saysPrevious ? previousClose : null,
      bid: null,
      ask: null,
      volume: null,
      currency: unsaid.currency,
      minorFactor: 1,
      session: null,
      delaySeconds: null,
      asOf,
      asOfBasis: 'fetched',
    },
  };
}

function indexSubject(index: SlickChartsIndex): Subject {
  return {
    symbol: index.symbol,
    name: index.name,
    assetClass: 'index',
    listing: { ...unsaid, mic: pseudoMics.index },
  };
}
