import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { Grid3x3 } from 'lucide-react';
import { clock } from '../../api/clock.ts';
import { type CoverageSpan, coverageQuery, coverageSpans } from '../../api/coverage-queries.ts';
import { sourcesQuery } from '../../api/queries.ts';
import { Button } from '../../components/button.tsx';
import { Choice, Choices } from '../../components/choice.tsx';
import { MoreRows } from '../../components/more-rows.tsx';
import { Page } from '../../components/page.tsx';
import { Empty, ErrorState, Loading } from '../../components/states.tsx';
import { HeatMap } from './heat-map.tsx';

const route = getRouteApi('/coverage');

const spans = Object.entries(coverageSpans);

/** Whether a word of the address is a span of the heat map. */
function isSpan(text: string): text is CoverageSpan {
  return Object.hasOwn(coverageSpans, text);
}

/** Which sessions have daily bars, by listing and source, and why others have none. */
export function CoveragePage() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const span = search.days !== undefined && isSpan(search.days) ? search.days : '90';
  const today = clock.dayBefore(0);
  const coverage = useInfiniteQuery(coverageQuery({ span, symbol: search.symbol, source: search.source, today }));
  const sources = useQuery(sourcesQuery).data ?? [];
  const series = coverage.data?.pages.flatMap((page) => page.series) ?? [];
  const filtered = search.symbol !== undefined || search.source !== undefined;
  return (
    <Page title="Coverage" lead="Daily bars of each listing: every session is there, or missing for a reason">
      <Choices>
        <Choice
          label="Source"
          value={search.source ?? ''}
          options={[['', 'All sources'], ...sources.map(({ id, title }) => [id, title] as const)]}
          onPick={(source) => void navigate({ search: (before) => ({ ...before, source }), replace: true })}
        />
        <Choice
          label="Time"
          value={span}
          options={spans}
          onPick={(days) => void navigate({ search: (before) => ({ ...before, days }), replace: true })}
        />
        {search.symbol !== undefined && (
          <Button onClick={() => void navigate({ search: (before) => ({ ...before, symbol: undefined }) })}>
            All symbols
          </Button>
        )}
      </Choices>
      {series.length > 0 && <HeatMap series={series} />}
      <MoreRows pages={coverage} text="More listings" />
      {coverage.data && series.length === 0 && (
        <Empty title={filtered ? 'No bars of these' : 'No bars yet'} icon={<Grid3x3 aria-hidden="true" />}>
          Each listing with daily bars is a row here, with a mark for each session. Daily bars are read after a market
          closes; a backfill reads those of the past.
        </Empty>
      )}
      {coverage.isPending && <Loading what="the coverage" />}
      {!coverage.data && coverage.isError && (
        <ErrorState
          what="the coverage"
          error={coverage.error}
          retrying={coverage.isFetching}
          onRetry={() => coverage.refetch()}
        />
      )}
    </Page>
  );
}
