import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { RadioTower } from 'lucide-react';
import type { SourceView } from '../../../../core/contracts/http/operations.ts';
import type { RecoveryView } from '../../../../core/contracts/http/recovery.ts';
import { useNow } from '../../api/clock.ts';
import { latestRecoveriesQuery, sourcesQuery, systemQuery } from '../../api/queries.ts';
import { Page } from '../../components/page.tsx';
import { Empty, ErrorState, Loading, StaleNotice } from '../../components/states.tsx';
import { TrendKey } from '../../components/trend.tsx';
import { worstFirst } from '../../sources/status.ts';
import { shownSystem } from '../../sources/system.ts';
import { capital } from '../../text/format.ts';
import { RecoverySteps } from '../source/recoveries.tsx';
import { Selection } from './selection.tsx';
import { SourceCard } from './source-card.tsx';
import styles from './sources-page.module.css';

const route = getRouteApi('/sources');
/** How long the steps of a recovery stay in the card after its end. */
const stepsForMs = 120_000;

/** A card per source, worst first; several can be selected and acted on at once. */
export function SourcesPage() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const sources = useQuery(sourcesQuery);
  const system = useQuery(systemQuery).data;
  const recoveries = useQuery(latestRecoveriesQuery).data ?? [];
  const chosen = new Set(search.selected?.split(','));
  const selected = sources.data?.filter(({ id }) => chosen.has(id)) ?? [];
  const retry = () => sources.refetch();
  const select = (ids: readonly string[]) =>
    void navigate({ search: { selected: ids.length === 0 ? undefined : ids.join(',') }, replace: true });
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
      {sources.data && sources.data.length > 0 && (
        <>
          <Selection sources={sources.data} selected={selected} onClear={() => select([])} />
          <TrendKey />
          <ul className={styles.cards}>
            {worstFirst(sources.data).map((source) => (
              <li key={source.id}>
                <SourceCard
                  source={source}
                  select={
                    <Select
                      source={source}
                      on={chosen.has(source.id)}
                      onChange={(on) => {
                        const others = selected.map(({ id }) => id).filter((id) => id !== source.id);
                        select(on ? [...others, source.id] : others);
                      }}
                    />
                  }
                  recovery={<LatestRecovery recovery={recoveries.find(({ sourceId }) => sourceId === source.id)} />}
                />
              </li>
            ))}
          </ul>
        </>
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

function Select({ source, on, onChange }: { source: SourceView; on: boolean; onChange: (on: boolean) => void }) {
  return (
    <input
      type="checkbox"
      className={styles.select}
      aria-label={`Select ${source.title}`}
      checked={on}
      onChange={({ target }) => onChange(target.checked)}
    />
  );
}

/** A recovery that is under way, or ended a moment ago: its steps. */
function LatestRecovery({ recovery }: { recovery: RecoveryView | undefined }) {
  const now = useNow();
  if (!recovery || (recovery.finishedAt !== null && now - Date.parse(recovery.finishedAt) > stepsForMs)) return null;
  return (
    <section className={styles.recovery} aria-label="Recovery">
      <p>
        <strong>Recovery: {capital(recovery.status)}</strong>
      </p>
      {recovery.message !== null && <p>{recovery.message}</p>}
      <RecoverySteps recovery={recovery} />
    </section>
  );
}
