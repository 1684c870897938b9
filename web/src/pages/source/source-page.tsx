import { useQueries, useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { History } from 'lucide-react';
import {
  healthByDayQuery,
  healthByHourQuery,
  incidentsQuery,
  recoveriesQuery,
  runsQuery,
  sourcesQuery,
} from '../../api/queries.ts';
import { Back, Page, Section } from '../../components/page.tsx';
import { Empty, ErrorState, Loading, StaleNotice } from '../../components/states.tsx';
import { useTogether } from '../../components/together.ts';
import { Trend, TrendKey } from '../../components/trend.tsx';
import { RunTable } from '../runs/run-table.tsx';
import { SourceCard } from '../sources/source-card.tsx';
import { Incidents } from './incidents.tsx';
import { Recoveries } from './recoveries.tsx';
import { RunDetail } from './run-detail.tsx';
import { ScoreParts } from './score-parts.tsx';
import styles from './source-page.module.css';
import { Terms } from './terms.tsx';

const route = getRouteApi('/sources/$sourceId');

/** One source: its card, its latest runs, and the selected run in detail. */
export function SourcePage() {
  const { sourceId } = route.useParams();
  const { run } = route.useSearch();
  const sources = useQuery(sourcesQuery);
  const source = sources.data?.find((one) => one.id === sourceId);
  const runs = useQuery(runsQuery(sourceId));
  const days = useQuery(healthByDayQuery(sourceId));
  const others = useQueries({
    queries: [healthByHourQuery(sourceId), incidentsQuery(sourceId), recoveriesQuery(sourceId)],
    combine: (each) => each.map(({ isLoading, failureCount }) => ({ isLoading, failureCount })),
  });
  const wait = useTogether([sources, runs, days, ...others]);
  const head = {
    above: <Back to="/sources">Sources</Back>,
    name: source?.title ?? sourceId,
    title: <bdi>{source?.title ?? sourceId}</bdi>,
  };

  if (wait)
    return (
      <Page {...head}>
        <Loading what="this source" rows={8} />
      </Page>
    );
  return (
    <Page {...head}>
      {sources.data && !source && (
        <Empty title="There is no such source" action={<Link to="/sources">Go to the sources</Link>}>
          It may have been removed from the catalogue. Its stored prices are still served.
        </Empty>
      )}
      {!sources.data && sources.isError && (
        <ErrorState
          what="this source"
          error={sources.error}
          retrying={sources.isFetching}
          onRetry={() => sources.refetch()}
        />
      )}
      <div className={styles.columns}>
        {source && <SourceCard source={source} alone />}
        <div className={styles.runs}>
          {run !== undefined && <RunDetail id={run} />}
          {source && days.data && days.data.length > 0 && (
            <Section title="Health by day">
              <Trend trend={days.data} by="day" />
              <p className={styles.axis}>
                <span>30 days ago</span>
                <span>today</span>
              </p>
              <TrendKey />
            </Section>
          )}
          {source && <ScoreParts sourceId={sourceId} />}
          {source && <Incidents sourceId={sourceId} />}
          {source && <Recoveries sourceId={sourceId} />}
          {source && <Terms source={source} />}
          <Section title="Latest runs">
            {runs.data && runs.isError && (
              <StaleNotice
                since={runs.dataUpdatedAt}
                error={runs.error}
                retrying={runs.isFetching}
                onRetry={() => runs.refetch()}
              />
            )}
            {runs.data && runs.data.length > 0 && <RunTable runs={runs.data} selected={run} />}
            {runs.data?.length === 0 && source && (
              <Empty title="No runs yet" icon={<History aria-hidden="true" />}>
                Each run will be a row here, with what it stored and why it failed. The schedule plans one when it is
                due; “Run now” plans one at once.
              </Empty>
            )}
            {runs.isPending && <Loading what="runs" />}
            {!runs.data && runs.isError && (
              <ErrorState
                what="the runs"
                error={runs.error}
                retrying={runs.isFetching}
                onRetry={() => runs.refetch()}
              />
            )}
          </Section>
        </div>
      </div>
    </Page>
  );
}
