import type { CoverageRangeView, CoverageView } from '../../../core/contracts/http/coverage.ts';
import { upToMilliseconds, type Warning } from '../../../core/contracts/http/envelope.ts';
import type { LicenceClass } from '../../../core/contracts/words/licence.ts';
import { type Column, toCsv } from '../../../core/http/csv.ts';
import { pickColumns } from '../../../core/http/fields.ts';
import type { Call, Reply } from '../../../core/http/route.ts';
import type { NamedListing } from '../../../core/market/instrument.ts';
import type { StoredMember } from '../../../core/market/stored-index.ts';
import type { KnownQuote } from '../../../core/market/stored-quote.ts';
import { tradedVolume } from '../../../core/market/volume.ts';

/** Whether CSV is asked for: by `format`, or by an `Accept` that names it before JSON. */
export function wantsCsv(format: 'json' | 'csv' | undefined, call: Call): boolean {
  if (format !== undefined) return format === 'csv';
  const ranges = (call.header('accept') ?? '').split(',').map(rangeOf);
  const csv = qualityOf(ranges, ['text/csv', 'text/*']);
  return csv > 0 && csv > qualityOf(ranges, ['application/json', 'application/*', '*/*']);
}

function rangeOf(text: string): { type: string; quality: number } {
  const [type = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase());
  const quality = Number(parameters.find((part) => part.startsWith('q='))?.slice(2) ?? 1);
  return { type, quality: Number.isFinite(quality) ? quality : 0 };
}

function qualityOf(ranges: readonly { type: string; quality: number }[], types: readonly string[]): number {
  return ranges.find((range) => types.includes(range.type))?.quality ?? 0;
}

/** A CSV answer. What JSON has in its envelope goes into headers: the next page, and the codes of warnings. */
export function csvReply(
  body: string,
  of: {
    name: string;
    nextCursor?: string | undefined;
    call: Call;
    warnings?: readonly Warning[];
    headers?: Readonly<Record<string, string>>;
  },
): Reply {
  const headers: Record<string, string> = {
    ...of.headers,
    'content-disposition': `attachment; filename="${of.name.replaceAll(/[^\w.-]/g, '_')}.csv"`,
  };
  if (of.nextCursor) {
    const next = new URLSearchParams(of.call.search);
    next.set('cursor', of.nextCursor);
    headers['x-next-cursor'] = of.nextCursor;
    headers['link'] = `<?${next}>; rel="next"`;
  }
  if (of.warnings?.length) headers['x-warnings'] = of.warnings.map((warning) => warning.code).join(', ');
  return { kind: 'text', body, contentType: 'text/csv; charset=utf-8; header=present', headers, maxAge: 5 };
}

/** The columns that are asked for; `null` for all. */
type Fields = readonly string[] | null;

export function historyCsv(
  { symbol, assetClass }: Pick<NamedListing, 'symbol' | 'assetClass'>,
  licence: LicenceClass,
  rows: readonly KnownQuote[],
  fields: Fields,
): string {
  const columns: Column<KnownQuote>[] = [
    { name: 'symbol', kind: 'text', of: () => symbol },
    { name: 'source', kind: 'text', of: (row) => row.source },
    { name: 'asOf', kind: 'text', of: (row) => row.asOf.toISOString() },
    { name: 'price', kind: 'number', of: (row) => row.price },
    { name: 'previousClose', kind: 'number', of: (row) => row.previousClose },
    { name: 'change', kind: 'number', of: (row) => row.change },
    { name: 'changeFraction', kind: 'number', of: (row) => row.changeFraction },
    { name: 'bid', kind: 'number', of: (row) => row.bid },
    { name: 'ask', kind: 'number', of: (row) => row.ask },
    { name: 'volume', kind: 'number', of: (row) => tradedVolume(row.volume, assetClass) },
    { name: 'currency', kind: 'text', of: (row) => row.currency },
    { name: 'session', kind: 'text', of: (row) => row.session },
    { name: 'delaySeconds', kind: 'number', of: (row) => row.delaySeconds },
    { name: 'asOfBasis', kind: 'text', of: (row) => row.asOfBasis },
    { name: 'fetchedAt', kind: 'text', of: (row) => row.fetchedAt.toISOString() },
    { name: 'ingestedAt', kind: 'text', of: (row) => upToMilliseconds(row.ingestedAt) },
    { name: 'knownFrom', kind: 'text', of: (row) => upToMilliseconds(row.knownFrom) },
    { name: 'knownTo', kind: 'text', of: (row) => row.knownTo && upToMilliseconds(row.knownTo) },
    { name: 'blobKey', kind: 'text', of: (row) => row.blobKey },
    { name: 'repairedBy', kind: 'text', of: (row) => row.repairedBy },
    { name: 'licence', kind: 'text', of: () => licence },
  ];
  return toCsv(pickColumns(columns, fields), rows);
}

/** A bar as it goes into CSV: its decimals as text. */
export interface BarLine {
  readonly symbol: string;
  readonly source: string;
  readonly licence: LicenceClass;
  readonly adjustment: string;
  readonly startsAt: string;
  readonly date: string | null;
  readonly open: string | null;
  readonly high: string | null;
  readonly low: string | null;
  readonly close: string;
  readonly volume: string | null;
  readonly currency: string;
  /** What the source has adjusted the bar for. */
  readonly basis: string;
  readonly final: boolean;
  readonly findings: readonly string[];
}

export function barsCsv(bars: readonly BarLine[], fields: Fields): string {
  const columns: Column<BarLine>[] = [
    { name: 'symbol', field: 'instrument.symbol', kind: 'text', of: (bar) => bar.symbol },
    { name: 'date', field: 'bars.date', kind: 'text', of: (bar) => bar.date },
    { name: 'startsAt', field: 'bars.startsAt', kind: 'text', of: (bar) => bar.startsAt },
    { name: 'open', field: 'bars.open', kind: 'number', of: (bar) => bar.open },
    { name: 'high', field: 'bars.high', kind: 'number', of: (bar) => bar.high },
    { name: 'low', field: 'bars.low', kind: 'number', of: (bar) => bar.low },
    { name: 'close', field: 'bars.close', kind: 'number', of: (bar) => bar.close },
    { name: 'volume', field: 'bars.volume', kind: 'number', of: (bar) => bar.volume },
    { name: 'currency', kind: 'text', of: (bar) => bar.currency },
    { name: 'source', kind: 'text', of: (bar) => bar.source },
    { name: 'adjustment', kind: 'text', of: (bar) => bar.adjustment },
    { name: 'licence', kind: 'text', of: (bar) => bar.licence },
    { name: 'final', field: 'bars.final', kind: 'text', of: (bar) => bar.final },
    { name: 'findings', field: 'bars.findings', kind: 'text', of: (bar) => bar.findings.join(' ') },
    { name: 'basis', kind: 'text', of: (bar) => bar.basis },
  ];
  return toCsv(pickColumns(columns, fields), bars);
}

/** The ranges of a page of coverage, one a line. */
export function coverageCsv(rows: readonly CoverageView[], fields: Fields): string {
  const columns: Column<CoverageRangeView & { readonly of: CoverageView }>[] = [
    { name: 'symbol', field: 'instrument.symbol', kind: 'text', of: ({ of }) => of.instrument.symbol },
    { name: 'source', kind: 'text', of: ({ of }) => of.source },
    { name: 'interval', kind: 'text', of: ({ of }) => of.interval },
    { name: 'from', field: 'ranges.from', kind: 'text', of: (range) => range.from },
    { name: 'to', field: 'ranges.to', kind: 'text', of: (range) => range.to },
    { name: 'state', field: 'ranges.state', kind: 'text', of: (range) => range.state },
    { name: 'reason', field: 'ranges.reason', kind: 'text', of: (range) => range.reason },
    { name: 'sessions', field: 'ranges.sessions', kind: 'number', of: (range) => range.sessions },
    { name: 'licence', kind: 'text', of: ({ of }) => of.licence },
  ];
  return toCsv(
    pickColumns(columns, fields),
    rows.flatMap((of) => of.ranges.map((range) => ({ ...range, of }))),
  );
}

export function constituentsCsv(
  of: { symbol: string; source: string; licence: LicenceClass; date: string },
  members: readonly StoredMember[],
  fields: Fields,
): string {
  const columns: Column<StoredMember>[] = [
    { name: 'index', kind: 'text', of: () => of.symbol },
    { name: 'date', kind: 'text', of: () => of.date },
    { name: 'rank', kind: 'number', of: (row) => String(row.rank) },
    { name: 'symbol', kind: 'text', of: (row) => row.symbol },
    { name: 'name', kind: 'text', of: (row) => row.name },
    { name: 'weight', kind: 'number', of: (row) => row.weight },
    { name: 'price', kind: 'number', of: (row) => row.price },
    { name: 'previousClose', kind: 'number', of: (row) => row.previousClose },
    { name: 'change', kind: 'number', of: (row) => row.change },
    { name: 'changeFraction', kind: 'number', of: (row) => row.changeFraction },
    { name: 'currency', kind: 'text', of: (row) => row.currency },
    { name: 'source', kind: 'text', of: () => of.source },
    { name: 'licence', kind: 'text', of: () => of.licence },
  ];
  return toCsv(pickColumns(columns, fields), members);
}
