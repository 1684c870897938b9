import type { BarsAsOf } from '../contracts/as-of.ts';
import { described, secondsOf } from './rebuilt.ts';
import { type ChartAsked, chartAsked, chartOf } from './rebuilt-chart.ts';

/** The line of one symbol, as it was asked for. */
export interface SparkLine {
  readonly symbol: string;
  readonly bars: BarsAsOf;
}

/** What the parameters of a spark ask of stored bars; `null` for an interval that is never stored. It has no adjusted closes. */
export function sparkAsked(query: Readonly<Record<string, string>>): ChartAsked | null {
  return chartAsked({ ...query, includeAdjustedClose: 'false' });
}

/** An answer of `/v8/finance/spark` from bars as they were known: the closes of each symbol. */
export function rebuiltSpark(lines: readonly SparkLine[], at: number): string {
  return JSON.stringify(
    Object.fromEntries(
      lines.map(({ symbol, bars }) => {
        const { number } = described(bars.instrument, at);
        const line = {
          symbol,
          previousClose: null,
          chartPreviousClose: bars.closeBefore === null ? null : number(bars.closeBefore),
          timestamp: bars.startsAt.map(secondsOf),
          end: null,
          close: bars.close.map(number),
          // Yahoo says five minutes whatever the interval.
          dataGranularity: 300,
          start: null,
        };
        return [symbol, line];
      }),
    ),
  );
}

/** An answer of `/v7/finance/spark`: a chart of each symbol. */
export function rebuiltSparkOfCharts(lines: readonly SparkLine[], asked: ChartAsked, at: number): string {
  const result = lines.map(({ symbol, bars }) => ({ symbol, response: [chartOf(bars, asked, symbol, at)] }));
  return JSON.stringify({ spark: { result, error: null } });
}
