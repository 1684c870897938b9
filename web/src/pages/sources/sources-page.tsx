import { useQuery } from '@tanstack/react-query';
import { RadioTower } from 'lucide-react';
import { sourcesQuery, systemQuery } from '../../api/queries.ts';
import { Page } from '../../components/page.tsx';
import { Empty, ErrorState, Loading, StaleNotice } from '../../components/states.tsx';
import { TrendKey } from '../../components/trend.tsx';
import { worstFirst } from '../../sources/status.ts';
import { shownSystem } from '../../sources/system.ts';
import { SourceCard } from './source-card.tsx';
import styles from './sources-page.module.css';

/** A card per source, worst first. */
export function SourcesPage() {
  const sources = useQuery(sourcesQuery);
  const system = useQuery(systemQuery).data;
  const retry = () => sources.refetch();
  return (
    <Page title="Sources" lead={system ? shownSystem(system).sentence : undefined}>
      {sources.data && sources.isError && (
        <StaleNotice
          since={sources.dataUpdatedAt}
          error={sources.error}
          retrying={sources.isFetching}
          onRetry={retry}
        />
      )}
      {sources.data && sources.data.length > 0 && <TrendKey />}
      {sources.data && sources.data.length > 0 && (
        <ul className={styles.cards}>
          {worstFirst(sources.data).map((source) => (
            <li key={source.id}>
              <SourceCard source={source} />
            </li>
          ))}
        </ul>
      )}
      {sources.data?.length === 0 && (
        <Empty title="No sources" icon={<RadioTower aria-hidden="true" />}>
          Each source of the catalogue appears here, with its health, its quota and its last run. The catalogue of this
          deployment is empty: docs/adding-a-source.md shows how to add one.
        </Empty>
      )}
      {sources.isPending && <Loading what="sources" />}
      {!sources.data && sources.isError && (
        <ErrorState what="the sources" error={sources.error} retrying={sources.isFetching} onRetry={retry} />
      )}
    </Page>
  );
}
