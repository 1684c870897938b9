import { useQuery } from '@tanstack/react-query';
import { clock } from '../../api/clock.ts';
import { seriesCoverageQuery } from '../../api/coverage-queries.ts';
import { Section } from '../../components/page.tsx';
import { ErrorState, Loading } from '../../components/states.tsx';
import { HeatMap } from '../coverage/heat-map.tsx';

const dayMs = 86_400_000;
/** The API's ledger begins with it. */
const firstDay = Date.parse('1900-01-01');

/** Days of bars of less than a day of which the API tells the coverage at once. */
const mostIntradayDays = 400;
const dailyOrLonger: ReadonlySet<string> = new Set(['1d', '1wk', '1mo']);

/** Which of the bars that the chart shows are there, and why others are not, with a backfill of what is missing. */
export function Coverage(shown: { symbol: string; source: string; interval: string; from: string }) {
  const now = clock.now();
  const to = dayOf(now);
  const earliest = dailyOrLonger.has(shown.interval) ? firstDay : now - (mostIntradayDays - 1) * dayMs;
  const from = dayOf(Math.max(Date.parse(shown.from), earliest));
  const coverage = useQuery(seriesCoverageQuery({ ...shown, from, to }));
  if (coverage.data?.length === 0) return null;
  return (
    <Section title="Coverage" note={`${from} to ${to}`}>
      {coverage.data && <HeatMap series={coverage.data} named={coverage.data.length > 1} />}
      {coverage.isPending && <Loading what="the coverage" rows={2} />}
      {!coverage.data && coverage.isError && (
        <ErrorState
          what="the coverage"
          error={coverage.error}
          retrying={coverage.isFetching}
          onRetry={() => coverage.refetch()}
        />
      )}
    </Section>
  );
}

function dayOf(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}
