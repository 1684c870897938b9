import type { Failure } from '../../contracts/failure.ts';
import type { JobKind } from '../../contracts/words/job-kinds.ts';
import { divide } from '../../market/decimal.ts';
import { exchangeOf, isMic, pseudoMics } from '../../market/exchange.ts';
import type { AssetClass } from '../../market/instrument.ts';
import { currencyUnit } from '../../market/money.ts';
import { isSymbol } from '../../market/symbol.ts';
import type { Parsed, ParsedQuote, Rejection, SourceAnswer, SourceParser } from '../parser.ts';
import { isDoubled } from '../reading/doubled-text.ts';
import { type HtmlTable, readHtml } from '../reading/html.ts';
import { transportFailure } from '../reading/http-failure.ts';
import { invalidFields } from '../reading/json.ts';
import { numberFromText } from '../reading/number-text.ts';
import { pageTime, tooOld } from '../reading/page-time.ts';
import { standInOf } from '../reading/stand-ins.ts';
import { unfinishedList } from '../reading/whole-list.ts';

const tableSelector = 'table#positions';
/** The alternative: any table that has rows, recognized by its headings. */
const anyTable = 'table';
/** Its rows say of when they are; a page from a cache is none of now whatever they say. */
const pageDates = { words: [], attributes: [], zone: 'UTC' } as const;
/** Seconds between two readings. */
const pagePeriodSeconds = 300;
const formSelector = 'form#login';
const problemSelector = '.problem';

const assetClassOf: ReadonlyMap<string, AssetClass> = new Map(
  Object.entries<AssetClass>({
    Share: 'equity',
    ETF: 'etf',
    Index: 'index',
    Fund: 'fund',
    Crypto: 'crypto',
    FX: 'fx',
    Future: 'future',
  }),
);

/** The broker's symbols are the canonical ones. */
export const demoBrokerParser: SourceParser = {
  version: 'demo-broker-3',
  requests: ({ symbols, selectors = 'main' }) => [
    {
      path: '/positions',
      query: { symbols: symbols.join(',') },
      symbols,
      page: {
        table: { selector: selectors === 'main' ? tableSelector : anyTable, countAttribute: 'data-rows' },
        waitFor: `${selectors === 'main' ? `${tableSelector}[data-rows]` : `${anyTable} tbody tr`}, ${formSelector}, ${problemSelector}`,
      },
      ...(selectors === 'main' ? {} : { selectors }),
    },
  ],
  parse(kind, answer) {
    const opened = open(kind, answer);
    if ('failure' in opened)
      return { quotes: [], bars: [], rejections: [], failure: opened.failure, missing: answer.request.symbols };
    return read(opened.table, answer.request.symbols);
  },
  failureIn(kind, answer) {
    const opened = open(kind, answer);
    return 'failure' in opened ? opened.failure : null;
  },
};

/** The table of prices, its rows unread, or why there is none. */
function open(kind: JobKind, answer: SourceAnswer): { table: HtmlTable } | { failure: Failure } {
  if (kind !== 'quotes')
    return {
      failure: {
        reason: 'bad_request',
        detail: { code: 'request_unsupported' },
        message: 'The broker shows prices only.',
      },
    };
  const failure = transportFailure(answer);
  if (failure) return { failure };
  const page = readHtml(answer.response?.body ?? '');
  if ('failure' in page) return page;
  if (page.has(formSelector))
    return {
      failure: {
        reason: 'auth_expired',
        detail: { code: 'login_page' },
        message: 'The page asks for a login: the session has ended.',
      },
    };
  if (page.has(problemSelector))
    return {
      failure: {
        reason: 'down',
        detail: { code: 'no_prices_notice' },
        message: 'The page says that it has no prices at the moment.',
      },
    };
  const tables =
    answer.request.selectors === 'alternative'
      ? page.tables(anyTable).filter((each) => each.rows.length > 0 && lostIn(each).length === 0)
      : page.has(`${tableSelector}[data-rows]`)
        ? page.tables(tableSelector)
        : [];
  const table = tables.find((each) => lostIn(each).length === 0) ?? tables[0];
  if (!table)
    return {
      failure: standInOf(answer.response?.body ?? '') ?? {
        reason: 'schema_drift',
        ...(page.has(tableSelector)
          ? { detail: { code: 'table_unfilled' }, message: 'The page has its table of prices, and never filled it.' }
          : { detail: { code: 'table_missing' }, message: 'The page has no table of prices.' }),
      },
    };
  const unfinished = unfinishedList(page);
  if (unfinished) return { failure: unfinished };
  const lost = lostIn(table);
  if (lost.length === 0) {
    const old = tooOld(pageTime(answer, page, pageDates), Date.parse(answer.fetchedAt), pagePeriodSeconds);
    return old ? { failure: old } : { table };
  }
  return {
    failure: {
      reason: 'schema_drift',
      detail: { code: 'columns_missing', columns: lost },
      message: `The table has no column for ${lost.join(', ')} any more.`,
    },
  };
}

const needed = ['Symbol', 'Name', 'Type', 'Market', 'Last', 'Previous', 'Volume', 'Currency', 'Time'] as const;
type Column = (typeof needed)[number];

function lostIn(table: HtmlTable): Column[] {
  return needed.filter((name) => table.column(name) === -1);
}

function read(table: HtmlTable, asked: readonly string[]): Parsed {
  const quotes: ParsedQuote[] = [];
  const rejections: Rejection[] = [];
  for (const [at, row] of table.rows.entries()) {
    const cell = (name: Column) => row[table.column(name)] ?? '';
    const record = quoteOf(cell);
    if (!('detail' in record)) quotes.push(record);
    else
      rejections.push({
        symbol: cell('Symbol') || null,
        reason: 'schema',
        ...record,
        path: `${tableSelector} tr[${at}]`,
      });
  }
  const found = new Set([...quotes.map(({ subject }) => subject.symbol), ...rejections.map(({ symbol }) => symbol)]);
  return {
    quotes,
    bars: [],
    rejections,
    failure: null,
    missing: asked.filter((symbol) => !found.has(symbol)),
  };
}

/** The quote of a row, or what is wrong with it. */
function quoteOf(cell: (name: Column) => string): ParsedQuote | Pick<Rejection, 'finding' | 'detail'> {
  const invalid = (name: Column, detail: string) => ({ finding: invalidFields([name]), detail });
  const symbol = cell('Symbol');
  const assetClass = assetClassOf.get(cell('Type'));
  const price = numberFromText(cell('Last'));
  const time = cell('Time');
  const asOf = /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(time) ? Date.parse(time) : Number.NaN;
  if (isDoubled(symbol)) return { finding: { code: 'doubled_text' }, detail: 'The symbol is a text twice over.' };
  if (!isSymbol(symbol)) return invalid('Symbol', 'The row has no symbol.');
  if (!assetClass) return invalid('Type', 'The type of the instrument is unknown.');
  if (price === null) return invalid('Last', 'The price is no number.');
  if (Number.isNaN(asOf)) return invalid('Time', 'The time is no instant.');
  const unit = currencyUnit(cell('Currency'));
  if (!unit) return invalid('Currency', 'The currency is not a currency.');
  const { currency, minorFactor } = unit;
  const mic =
    assetClass === 'crypto' || assetClass === 'fx' || assetClass === 'index' ? pseudoMics[assetClass] : cell('Market');
  if (!isMic(mic)) return invalid('Market', 'The market is not a MIC.');
  const major = (name: Column) => {
    const value = numberFromText(cell(name));
    return value === null ? null : divide(value, minorFactor);
  };
  return {
    subject: {
      symbol,
      name: cell('Name') || null,
      assetClass,
      listing: { mic, currency, minorFactor, zone: exchangeOf(mic).zone },
    },
    quote: {
      price: divide(price, minorFactor),
      previousClose: major('Previous'),
      bid: null,
      ask: null,
      volume: numberFromText(cell('Volume')),
      currency,
      minorFactor,
      session: null,
      delaySeconds: null,
      asOf,
      asOfBasis: 'exchange',
    },
  };
}
