import * as z from 'zod';
import type { VisibleTo } from '../../../core/auth/visible-sources.ts';
import type { Meta, Warning } from '../../../core/contracts/http/envelope.ts';
import type { BarsView } from '../../../core/contracts/http/market.ts';
import type { LicenceClass } from '../../../core/contracts/words/licence.ts';
import { page } from '../../../core/http/page.ts';
import { ProblemError } from '../../../core/http/problem.ts';
import {
  cursorParameter,
  instantParameter,
  limitParameter,
  sourceIdParameter,
} from '../../../core/http/read-request.ts';
import type { Call } from '../../../core/http/route.ts';
import { barBases, barIntervals } from '../../../core/market/bar.ts';
import type { AssetClass } from '../../../core/market/instrument.ts';
import type { StoredAction, StoredBar } from '../../../core/market/stored-bar.ts';
import { tradedVolume } from '../../../core/market/volume.ts';
import { startOfDate } from '../../../core/market/zoned-date.ts';
import type { BarReader } from '../../../core/ports/bar-reader.ts';
import type { FindingRecords } from '../../../core/ports/finding-records.ts';
import type { QuoteReader } from '../../../core/ports/quote-reader.ts';
import { NotDerivableError } from '../../../core/serving/adjust.ts';
import { type JudgedSeries, judgedSeries } from '../../../core/serving/judged-series.ts';
import { findingsOf, qualities } from '../../../core/serving/quality.ts';
import type { SourceDefinition } from '../../../core/sources/definition.ts';
import { licenceForbids, licenceOf } from '../licence.ts';
import { requireListing, requireSource } from '../symbols.ts';
import { instrumentView } from '../views/quote.ts';
import type { BarLine } from '../views/tables.ts';
import { coverageOfPage, finality, type PageOf, timeOfPage } from './completeness.ts';
import {
  anotherName,
  basisWarnings,
  doubtfulDividends,
  earlierWarning,
  gapWarning,
  leftOutWarning,
} from './warnings.ts';

/** Bars of a page, unless fewer are asked for: readers of CSV follow no cursor, and five years of days are more than 1,000. */
const mostBars = 10_000;

/** What a request for bars may say, of one listing or of several. */
export const barsQuery = z.object({
  interval: z.enum(barIntervals).default('1d'),
  from: instantParameter.optional().describe('First start of a bar, inclusive'),
  to: instantParameter.optional().describe('Last start of a bar, exclusive'),
  adjustment: z.enum(['none', ...barBases]).default('none'),
  adjustedTo: z.iso
    .date()
    .optional()
    .describe('The day to which `splits_and_dividends` adjusts, in place of the last bar; no bars after it'),
  source: sourceIdParameter.optional(),
  quality: z
    .enum(qualities)
    .default('served')
    .describe(
      '`served` leaves out what a finding calls wrong, `raw` is what came, `repaired` applies accepted proposals',
    ),
  knownAt: instantParameter.optional().describe('As they were known at this instant'),
  order: z.enum(['asc', 'desc']).default('asc'),
  format: z.enum(['json', 'csv']).optional(),
  limit: limitParameter(mostBars, mostBars),
  cursor: cursorParameter,
});
type SeriesAsked = Omit<z.output<typeof barsQuery>, 'cursor'> & {
  /** The start of the last bar before, ISO 8601. */
  readonly after: string | null;
};

export interface SeriesDependencies {
  readonly findings: VisibleTo<FindingRecords>;
  readonly quotes: VisibleTo<QuoteReader>;
  readonly bars: VisibleTo<BarReader>;
  readonly catalogue: readonly SourceDefinition[];
  /** Calendars are ignored: the simulated market never closes. */
  readonly alwaysOpen?: boolean;
}

interface Series {
  readonly data: BarsView;
  /** The same as it goes into CSV: made for those who ask for it. */
  lines(): BarLine[];
  readonly warnings: readonly Warning[];
  readonly meta: Omit<Meta, 'requestId' | 'simulated'>;
}

/** The bars of a listing that a request asks for: one page. Throws the problem of a symbol, a source or an adjustment. */
export async function seriesOf(
  deps: SeriesDependencies,
  text: string,
  query: SeriesAsked,
  call: Call,
): Promise<Series> {
  const { catalogue, alwaysOpen = false } = deps;
  const reader = deps.bars(call.visible);
  const listing = await requireListing(deps.quotes(call.visible), text, query.knownAt ?? query.to, call.now);
  const asked = requireSource(catalogue, query.source);
  if (asked) call.visible.require(asked);
  const inOrder = asked ? [asked] : [...new Set([listing.chosen ?? [], catalogue.map((each) => each.id)].flat())];
  const stored = await reader.sourceOf(listing.listingId, query.interval, inOrder);
  if (!stored && (await reader.hidden(listing.listingId, query.interval)))
    throw licenceForbids(listing.symbol, call.visible);
  if (!stored)
    throw new ProblemError(
      'no_bars',
      `No ${query.interval} bars of ${listing.symbol} are stored. POST /backfills loads them from a source that has them; GET /sources shows which jobs collect bars by themselves.`,
    );
  const { after } = query;
  const to = endOf(query, listing.zone);
  const found = await reader.bars({
    listingId: listing.listingId,
    source: stored.source,
    interval: query.interval,
    zone: listing.zone,
    from: query.from ?? '-infinity',
    to: to ?? 'infinity',
    knownAt: query.knownAt ?? null,
    order: query.order,
    after,
    limit: query.limit + 1,
  });
  const { rows: came, meta } = page(found, query.limit, (bar) => [bar.startsAt.toISOString()]);
  const { quality, interval } = query;
  const series = await judgedSeries(reader, deps.findings(call.visible), came, {
    listingId: listing.listingId,
    source: stored.source,
    interval,
    zone: listing.zone,
    knownAt: query.knownAt ?? null,
    order: query.order,
    quality,
    untilNow: query.adjustment === 'splits_and_dividends',
  });
  const { rows, actions, judged, counted } = series;
  const derivedBars = await derived(series, {
    adjustment: query.adjustment,
    adjustedTo: query.adjustedTo ?? null,
    now: call.now,
  });
  const adjusted =
    listing.assetClass === 'fx' ? derivedBars.map((bar) => withTradedVolume(bar, listing.assetClass)) : derivedBars;
  const pageOf: PageOf = {
    ...{ listing, source: stored.source, interval, catalogue, alwaysOpen, now: call.now },
    series: query.knownAt === undefined ? stored.history : null,
  };
  const isFinal = finality(pageOf);
  const time = timeOfPage(came, { ...query, to, after: after ?? undefined }, meta.nextCursor !== undefined, call.now);
  const foundOn = findingsOf(judged, interval);
  const licence = licenceOf(catalogue.find((each) => each.id === stored.source));
  const covered = time && !query.knownAt ? coverageOfPage(came, judged, time, pageOf) : null;
  const warnings = [
    ...anotherName(judged, listing.symbol),
    ...basisWarnings(rows, listing.symbol, await repairsOf(reader, rows, listing.listingId, stored.source, interval)),
    ...leftOutWarning(series.leftOut),
    ...earlierWarning(series.earlier),
    ...(query.adjustment === 'splits_and_dividends' ? doubtfulDividends(counted, rows) : []),
    ...gapWarning(covered, listing.symbol, stored.source),
  ];
  const lines = () => {
    const of = { symbol: listing.symbol, source: stored.source, licence, adjustment: query.adjustment };
    return adjusted.map((bar): BarLine => {
      const startsAt = bar.startsAt.toISOString();
      return { ...bar, ...of, startsAt, final: isFinal(bar), findings: foundOn(bar) };
    });
  };
  const data: BarsView = {
    instrument: instrumentView(listing),
    interval: query.interval,
    adjustment: query.adjustment,
    basis: rows[0]?.basis ?? stored.basis,
    basisAt: new Date(rows[0]?.basisAt ?? stored.basisAt).toISOString(),
    source: stored.source,
    licence,
    currency: rows[0]?.currency ?? listing.listingCurrency,
    zone: listing.zone,
    bars: adjusted.map((bar) => barView(bar, isFinal(bar), foundOn(bar), licence, call)),
    actions: actionViews(actions, rows, stored.source, call),
  };
  return {
    data,
    lines,
    warnings,
    meta: {
      source: stored.source,
      ...meta,
      ...(query.knownAt ? { knownAt: query.knownAt } : {}),
      ...(covered ? { coverage: covered } : {}),
    },
  };
}

/** Bars of currencies that were stored before theirs was known to be no volume have 0. */
function withTradedVolume(bar: StoredBar, assetClass: AssetClass): StoredBar {
  const volume = tradedVolume(bar.volume, assetClass);
  return volume === bar.volume ? bar : { ...bar, volume };
}

/** The end of the bars that are asked for: none is adjusted to a day before it. */
function endOf(asked: { to?: string | undefined; adjustedTo?: string | undefined; adjustment: string }, zone: string) {
  const { to, adjustedTo, adjustment } = asked;
  if (adjustedTo === undefined) return to;
  const problem = 'adjustedTo goes with adjustment=splits_and_dividends.';
  if (adjustment !== 'splits_and_dividends')
    throw new ProblemError('invalid_request', problem, { errors: [{ path: 'adjustedTo', message: problem }] });
  const next = new Date(Date.parse(adjustedTo) + 86_400_000).toISOString().slice(0, 10);
  const end = startOfDate(next, zone);
  if (end === null) return to;
  return to !== undefined && Date.parse(to) < end ? to : new Date(end).toISOString();
}

async function derived(series: JudgedSeries, asked: Parameters<JudgedSeries['adjusted']>[0]): Promise<StoredBar[]> {
  try {
    return await series.adjusted(asked);
  } catch (error) {
    if (error instanceof NotDerivableError) throw new ProblemError('not_derivable', error.message);
    throw error;
  }
}

function barView(
  bar: StoredBar,
  final: boolean,
  findings: readonly string[],
  licence: LicenceClass,
  { decimal }: Call,
) {
  return {
    startsAt: bar.startsAt.toISOString(),
    date: bar.date,
    open: decimal(bar.open),
    high: decimal(bar.high),
    low: decimal(bar.low),
    close: decimal(bar.close),
    volume: decimal(bar.volume),
    final,
    licence,
    findings: [...findings],
  };
}

/** The splits and dividends of the days of the page, in the words of the bars' source. */
function actionViews(actions: readonly StoredAction[], page: readonly StoredBar[], source: string, { decimal }: Call) {
  const days = page.map((bar) => bar.day).sort();
  const [first, last] = [days[0], days.at(-1)];
  if (first === undefined || last === undefined) return [];
  return actions
    .filter((action) => action.source === source && action.exDate >= first && action.exDate <= last)
    .map(({ ratio, amount, knownAt, ...action }) => ({
      type: action.type,
      exDate: action.exDate,
      ratio: decimal(ratio),
      amount: decimal(amount),
      currency: action.currency,
      source: action.source,
      knownAt: new Date(knownAt).toISOString(),
    }));
}

/** What is read again of a series, where a page has bars for which that matters. */
async function repairsOf(reader: BarReader, page: readonly StoredBar[], ...of: Parameters<BarReader['repairs']>) {
  return page.some((bar) => bar.stale) ? reader.repairs(...of) : [];
}
