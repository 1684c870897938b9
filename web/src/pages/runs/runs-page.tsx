import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { History } from 'lucide-react';
import { runStatuses } from '../../../../core/contracts/http/operations.ts';
import { allRunsQuery } from '../../api/operations-queries.ts';
import { sourcesQuery } from '../../api/queries.ts';
import { Choice, Choices } from '../../components/choice.tsx';
import { MoreRows } from '../../components/more-rows.tsx';
import { Page } from '../../components/page.tsx';
import { Empty, ErrorState, Loading, StaleNotice } from '../../components/states.tsx';
import { capital } from '../../text/format.ts';
import { RunTable } from './run-table.tsx';
import { Timeline } from './timeline.tsx';

const route = getRouteApi('/runs');

/** The runs of all sources: when each ran and how it ended, as a timeline and as a table. */
export function RunsPage() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const runs = useInfiniteQuery(allRunsQuery(search));
  const sources = useQuery(sourcesQuery).data ?? [];
  const titles = new Map(sources.map(({ id, title }) => [id, title]));
  const shown = runs.data?.pages.flatMap((page) => page.runs) ?? [];
  const filtered = search.source !== undefined || search.status !== undefined;
  return (
    <Page title="Runs" lead="What was fetched, when, and what became of it">
      <Choices>
        <Choice
          label="Source"
          value={search.source ?? ''}
          options={[['', 'All sources'], ...sources.map(({ id, title }) => [id, title] as const)]}
          onPick={(source) => void navigate({ search: (before) => ({ ...before, source }), replace: true })}
        />
        <Choice
          label="Status"
          value={search.status ?? ''}
          options={[['', 'Any status'], ...runStatuses.map((status) => [status, capital(status)] as const)]}
          onPick={(status) => void navigate({ search: (before) => ({ ...before, status }), replace: true })}
        />
      </Choices>
      {runs.data && runs.isError && (
        <StaleNotice
          since={runs.dataUpdatedAt}
          error={runs.error}
          retrying={runs.isFetching}
          onRetry={() => runs.refetch()}
        />
      )}
      {shown.length > 0 && <Timeline runs={shown} titles={titles} />}
      {shown.length > 0 && <RunTable runs={shown} titles={titles} />}
      <MoreRows pages={runs} text="Earlier runs" />
      {runs.data && shown.length === 0 && (
        <Empty title={filtered ? 'No such runs' : 'No runs yet'} icon={<History aria-hidden="true" />}>
          Each run is a row here, with what it stored and why it failed. The schedule plans one when it is due; “Run
          now” of a source plans one at once.
        </Empty>
      )}
      {runs.isPending && <Loading what="runs" />}
      {!runs.data && runs.isError && (
        <ErrorState what="the runs" error={runs.error} retrying={runs.isFetching} onRetry={() => runs.refetch()} />
      )}
    </Page>
  );
}
