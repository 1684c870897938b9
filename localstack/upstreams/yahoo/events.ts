/** `/v1/finance/visualization` and `/calendar/earnings`: calendars of earnings, splits, new listings and the economy. */
import { zoneName } from './calendar.ts';
import { marketValue, reportsOf } from './company.ts';
import type { SimMarket } from './market.ts';
import { chance } from './prices.ts';
import { type Fields, inOrder, matches, type Query } from './screens.ts';
import type { SimInstrument } from './universe.ts';

const day = 86_400_000;

type Row = { readonly fields: Fields };
type Column = readonly [label: string, type: 'STRING' | 'NUMBER' | 'DATE' | 'BOOLEAN'];

/** Columns by the names of their fields. */
const columns = new Map<string, Column>(
  Object.entries<Column>({
    ticker: ['Symbol', 'STRING'],
    companyshortname: ['Company Name', 'STRING'],
    intradaymarketcap: ['Market Cap (Intraday)', 'NUMBER'],
    eventname: ['Event Name', 'STRING'],
    eventtype: ['Event Type', 'STRING'],
    startdatetimetype: ['Event Start Date', 'STRING'],
    timeZoneShortName: ['Timezone short name', 'STRING'],
    epsestimate: ['EPS Estimate', 'NUMBER'],
    epsactual: ['Reported EPS', 'NUMBER'],
    epssurprisepct: ['Surprise (%)', 'NUMBER'],
    exchange_short_name: ['Exchange Short Name', 'STRING'],
    filingdate: ['Filing Date', 'DATE'],
    amendeddate: ['Amended Date', 'DATE'],
    pricefrom: ['Price From', 'NUMBER'],
    priceto: ['Price To', 'NUMBER'],
    offerprice: ['Price', 'NUMBER'],
    currencyname: ['Currency', 'STRING'],
    shares: ['Shares', 'NUMBER'],
    dealtype: ['Action', 'STRING'],
    econ_release: ['Event', 'STRING'],
    country_code: ['Country Code', 'STRING'],
    period: ['Period', 'STRING'],
    after_release_actual: ['Actual', 'NUMBER'],
    consensus_estimate: ['Market Expectation', 'NUMBER'],
    prior_release_actual: ['Prior to This', 'NUMBER'],
    originally_reported_actual: ['Revised from', 'NUMBER'],
    optionable: ['Optionable?', 'BOOLEAN'],
    old_share_worth: ['Old Share Worth', 'NUMBER'],
    share_worth: ['Share Worth', 'NUMBER'],
  }),
);
/** What the start of an event is called in each calendar. */
const starts = new Map([
  ['ipo_info', 'Date'],
  ['economic_event', 'Event Time'],
  ['splits', 'Payable On'],
]);

export interface CalendarAsked {
  readonly entityIdType: string;
  readonly includeFields: readonly string[];
  readonly query: Query;
  readonly sortField: string;
  readonly ascending: boolean;
  readonly offset: number;
  readonly size: number;
}

/** The element of `finance.result`. */
export function calendarAnswer(market: SimMarket, all: readonly SimInstrument[], asked: CalendarAsked, now: number) {
  const found = rowsOf(market, all, asked.entityIdType, now).filter(({ fields }) => matches(asked.query, fields));
  const shown = inOrder(found, asked.sortField, asked.ascending).slice(asked.offset, asked.offset + asked.size);
  return {
    total: found.length,
    documents: [
      {
        entityIdType: asked.entityIdType,
        columns: asked.includeFields.map((id) => {
          const [label, type] = columns.get(id) ?? [starts.get(asked.entityIdType) ?? 'Event Start Date', 'DATE'];
          return { id, label, type };
        }),
        rows: shown.map(({ fields }) => asked.includeFields.map((id) => fields.get(id) ?? null)),
      },
    ],
  };
}

function rowsOf(market: SimMarket, all: readonly SimInstrument[], kind: string, now: number): Row[] {
  switch (kind) {
    case 'sp_earnings':
    case 'earnings':
      return all.flatMap((instrument) => earningsOf(market, instrument, now));
    case 'splits':
      return all.flatMap((instrument) => splitsOf(instrument));
    case 'ipo_info':
      return newListings(market, now);
    case 'economic_event':
      return releases(market, now);
    default:
      return [];
  }
}

function row(fields: Record<string, string | number | null>): Row {
  return {
    fields: new Map(Object.entries(fields).flatMap(([name, value]) => (value === null ? [] : [[name, value]]))),
  };
}

const iso = (at: number) => new Date(at).toISOString();

function earningsOf(market: SimMarket, instrument: SimInstrument, now: number): Row[] {
  return reportsOf(market, instrument, now).map(({ at, estimate, actual }) =>
    row({
      ticker: instrument.symbol,
      region: instrument.exchange.market.slice(0, 2),
      companyshortname: instrument.shortName,
      intradaymarketcap: marketValue(instrument, instrument.level),
      eventname: `${instrument.shortName} earnings announcement`,
      // Announced, or expected.
      eventtype: actual === null ? 'EAD' : 'ERA',
      startdatetime: iso(at),
      startdatetimetype: 'AMC',
      timeZoneShortName: zoneName(instrument.exchange.zone, at),
      epsestimate: estimate,
      epsactual: actual,
      epssurprisepct: actual === null ? null : Number(((actual / estimate - 1) * 100).toFixed(2)),
    }),
  );
}

function splitsOf({ symbol, shortName, splits = [] }: SimInstrument): Row[] {
  return splits.map(({ date, numerator, denominator }) =>
    row({
      ticker: symbol,
      companyshortname: shortName,
      startdatetime: `${date}T00:00:00.000Z`,
      optionable: 'true',
      old_share_worth: denominator,
      share_worth: numerator,
    }),
  );
}

/** One a week, of the weeks about now. */
function newListings(market: SimMarket, now: number): Row[] {
  const week = Math.floor(now / (7 * day));
  return Array.from({ length: 16 }, (_, at) => {
    const number = week - 8 + at;
    const price = 10 + Math.floor(chance(market.seed, 'ipo/price', number) * 30);
    const start = number * 7 * day + 3 * day;
    return row({
      ticker: `NEW${number % 1000}`,
      companyshortname: `New Company ${number}`,
      exchange_short_name: 'NasdaqGS',
      filingdate: iso(start - 40 * day),
      startdatetime: iso(start),
      amendeddate: iso(start - 10 * day),
      pricefrom: price - 2,
      priceto: price + 2,
      offerprice: price,
      currencyname: 'USD',
      shares: 1_000_000 + Math.floor(chance(market.seed, 'ipo/shares', number) * 9_000_000),
      dealtype: start > now ? 'Expected' : 'Priced',
    });
  });
}

const series = ['Consumer Price Index', 'Initial Jobless Claims', 'Retail Sales', 'Industrial Production'];

/** One of each a week. */
function releases(market: SimMarket, now: number): Row[] {
  const week = Math.floor(now / (7 * day));
  return Array.from({ length: 16 }, (_, back) => week - 8 + back).flatMap((number) =>
    series.map((name, at) => {
      const value = (of: number) => Number((100 + 10 * chance(market.seed, `economy/${name}`, of)).toFixed(1));
      const start = number * 7 * day + at * day + 13.5 * 3_600_000;
      return row({
        econ_release: name,
        country_code: 'US',
        region: 'us',
        startdatetime: iso(start),
        period: new Date(start - 30 * day).toLocaleString('en-US', { month: 'short', timeZone: 'UTC' }),
        after_release_actual: start > now ? null : value(number),
        consensus_estimate: value(number - 1),
        prior_release_actual: value(number - 1),
        originally_reported_actual: value(number - 1),
      });
    }),
  );
}

/** The page of a company's dates of earnings: a table, the newest first; `null` where there are none. */
export function earningsPage(
  market: SimMarket,
  instrument: SimInstrument | undefined,
  query: URLSearchParams,
  now: number,
): string | null {
  if (!instrument) return null;
  const [offset, size] = [Number(query.get('offset') ?? 0), Number(query.get('size') ?? 25)];
  const shown = reportsOf(market, instrument, now)
    .reverse()
    .slice(offset, offset + size);
  if (shown.length === 0) return null;
  const rows = shown.map(({ at, estimate, actual }) => {
    const surprise = actual === null ? '-' : ((actual / estimate - 1) * 100).toFixed(2);
    const cells = [instrument.symbol, instrument.shortName, dateText(at), estimate, actual ?? '-', surprise];
    return `<tr>${cells.map((each) => `<td>${each}</td>`).join('')}</tr>`;
  });
  const heads = ['Symbol', 'Company', 'Earnings Date', 'EPS Estimate', 'Reported EPS', 'Surprise (%)'];
  return `<table><thead><tr>${heads.map((each) => `<th>${each}</th>`).join('')}</tr></thead><tbody>${rows.join('')}</tbody></table>`;
}

/** `May 1, 2025 at 4 PM EDT`. */
function dateText(at: number): string {
  const zone = 'America/New_York';
  const date = new Intl.DateTimeFormat('en-US', { timeZone: zone, dateStyle: 'long' }).format(at);
  const hour = new Intl.DateTimeFormat('en-US', { timeZone: zone, hour: 'numeric' }).format(at).replaceAll(/\s/g, ' ');
  return `${date} at ${hour} ${zoneName(zone, at)}`;
}
