/**
 * The closes of several sources on the same days, as they are stored. Judged in whole years, so that it does not matter
 * which source answered first, or for which days.
 */
import type { BarBasis } from '../market/bar.ts';
import type { KnownListing } from '../market/instrument.ts';
import { type JudgedSeries, judgedSeries } from './judged-series.ts';
import { seriesOf } from './rules/series.ts';
import { checkSources } from './rules/sources.ts';

/** The daily bars of a listing from one source in some years, oldest first. */
export interface SourceDays {
  readonly sourceId: string;
  readonly bars: readonly {
    readonly startsAt: number;
    readonly date: string;
    readonly close: string;
    readonly basis: BarBasis;
  }[];
}

/** What differs, by source; all of the years were judged. `splits` are the ex-dates of all splits of the listing. */
export function judgeSources(
  listing: KnownListing,
  sources: readonly SourceDays[],
  splits: readonly string[],
): ReadonlyMap<string, JudgedSeries> {
  const bases = new Set(sources.flatMap(({ bars }) => bars.map((bar) => bar.basis)));
  // In another basis prices are the same only since the last split.
  const since = bases.size > 1 ? (splits.toSorted().at(-1) ?? '') : '';
  const judged = new Map<string, JudgedSeries>();
  for (const { sourceId, bars } of sources) {
    const [first] = bars;
    if (!first) continue;
    const years = Map.groupBy(
      bars.filter((bar) => bar.date >= since),
      (bar) => bar.date.slice(0, 4),
    );
    const findings = [...years].flatMap(([year, ofYear]) =>
      checkSources(
        seriesOf({
          assetClass: listing.assetClass,
          currency: listing.currency,
          minorFactor: listing.minorFactor,
          zone: listing.zone,
          basis: first.basis,
          bars: ofYear.map(({ startsAt, date, close }) => ({
            interval: '1d',
            startsAt,
            date,
            close,
            open: null,
            high: null,
            low: null,
            volume: null,
            currency: listing.currency,
            minorFactor: listing.minorFactor,
          })),
          actions: [],
          evidence: {
            otherCloses: sources
              .filter((other) => other.sourceId !== sourceId)
              .map(
                (other) =>
                  new Map(
                    other.bars.flatMap((bar) =>
                      bar.date.startsWith(year) && bar.date >= since ? [[bar.date, Number(bar.close)]] : [],
                    ),
                  ),
              ),
          },
        }),
      ),
    );
    const found = judgedSeries(listing.id, '1d', bars, findings);
    if (found) judged.set(sourceId, found);
  }
  return judged;
}
