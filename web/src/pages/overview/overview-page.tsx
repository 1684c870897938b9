import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { missingOfLateQuery } from '../../api/coverage-queries.ts';
import { exchangesQuery, servicesQuery, sourcesQuery, systemQuery } from '../../api/queries.ts';
import { Page, Section } from '../../components/page.tsx';
import { Empty, ErrorState, Loading, StaleNotice } from '../../components/states.tsx';
import { useTogether } from '../../components/together.ts';
import { NeedsAttention } from './attention.tsx';
import { CoverageOfLate } from './coverage.tsx';
import { DeadLetters } from './dead-letters.tsx';
import { EventsWaiting } from './events-waiting.tsx';
import { Exchanges } from './exchanges.tsx';
import { Flow } from './flow.tsx';
import styles from './overview-page.module.css';
import { Queues } from './queues.tsx';
import { Services } from './services.tsx';
import { System } from './system.tsx';

const route = getRouteApi('/');

/** The state in a sentence with its score, then freshness by exchange, services and queues. */
export function OverviewPage() {
  const { dead } = route.useSearch();
  const navigate = route.useNavigate();
  const system = useQuery(systemQuery);
  const operations = useQuery(servicesQuery);
  const market = useQuery(exchangesQuery);
  const sources = useQuery(sourcesQuery);
  const missing = useQuery(missingOfLateQuery);
  const wait = useTogether([system, operations, market, sources, missing]);

  if (wait)
    return (
      <Page title="Overview">
        <Loading what="the state" rows={8} />
      </Page>
    );
  return (
    <Page title="Overview">
      {system.data && <System system={system.data} />}
      {system.isPending && <Loading what="the state" rows={2} />}
      {!system.data && system.isError && (
        <ErrorState
          what="the state of the installation"
          error={system.error}
          retrying={system.isFetching}
          onRetry={() => system.refetch()}
        />
      )}
      <NeedsAttention />
      <Section title="Exchanges" note="Newest price of each">
        {market.data && market.data.length > 0 && <Exchanges exchanges={market.data} />}
        {market.data?.length === 0 && (
          <Empty title="No prices yet" action={<Link to="/sources">Go to the sources</Link>}>
            Each exchange with prices appears here, with its session and the age of its newest price. Run a source to
            see the first.
          </Empty>
        )}
        {market.isPending && <Loading what="prices" rows={2} />}
        {!market.data && market.isError && (
          <ErrorState
            what="the exchanges"
            error={market.error}
            retrying={market.isFetching}
            onRetry={() => market.refetch()}
          />
        )}
      </Section>
      <CoverageOfLate />
      {operations.data && operations.isError && (
        <StaleNotice
          since={operations.dataUpdatedAt}
          error={operations.error}
          retrying={operations.isFetching}
          onRetry={() => operations.refetch()}
        />
      )}
      <div className={styles.columns}>
        <Section title="Services">
          {operations.data && <Services services={operations.data.services} />}
          {operations.isPending && <Loading what="the services" rows={3} />}
        </Section>
        <Section title="Queues">
          {operations.data && <Queues queues={operations.data.queues} warnings={operations.data.warnings} />}
          {operations.data?.events && <EventsWaiting {...operations.data.events} />}
          {operations.isPending && <Loading what="the queues" rows={3} />}
        </Section>
      </div>
      <Flow />
      {!operations.data && operations.isError && (
        <ErrorState
          what="services and queues"
          error={operations.error}
          retrying={operations.isFetching}
          onRetry={() => operations.refetch()}
        />
      )}
      {dead !== undefined && <DeadLetters queue={dead} onClose={() => void navigate({ search: {} })} />}
    </Page>
  );
}
