import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { Briefcase, Plus } from 'lucide-react';
import type { ModelItem } from '../../../../core/contracts/http/models.ts';
import { modelsQuery } from '../../api/model-queries.ts';
import { useRefusal } from '../../api/session.ts';
import { Button } from '../../components/button.tsx';
import { Moment } from '../../components/moment.tsx';
import { Page } from '../../components/page.tsx';
import { Records } from '../../components/records.tsx';
import { Empty, ErrorState, Loading } from '../../components/states.tsx';
import { formatCount, formatShare } from '../../text/format.ts';
import { ImportModel } from './import-model.tsx';
import styles from './models.module.css';
import { isWhole } from './weights.ts';

const route = getRouteApi('/models');

/** The model portfolios, and the way to bring one. */
export function ModelsPage() {
  const models = useQuery(modelsQuery);
  const refusal = useRefusal();
  const { import: importing } = route.useSearch();
  const navigate = route.useNavigate();
  const ask = (open: boolean) => void navigate({ search: { import: open ? '1' : undefined }, replace: !open });
  const button = (
    <Button look="primary" icon={<Plus aria-hidden="true" />} refusal={refusal} onClick={() => ask(true)}>
      Import a model
    </Button>
  );
  return (
    <Page title="Models" lead="Model portfolios at the prices that are served here">
      {models.data && models.data.length > 0 && (
        <>
          <div className={styles.bar}>{button}</div>
          <Table models={models.data} />
        </>
      )}
      {models.data?.length === 0 && (
        <Empty title="No models yet" icon={<Briefcase aria-hidden="true" />} action={button}>
          A model is a list of symbols with weights. Bring one as CSV or JSON, and this page shows its sectors, its
          value and its change of the day, and names what has no price.
        </Empty>
      )}
      {models.isPending && <Loading what="the models" />}
      {!models.data && models.isError && (
        <ErrorState
          what="the models"
          error={models.error}
          retrying={models.isFetching}
          onRetry={() => models.refetch()}
        />
      )}
      {importing !== undefined && refusal === null && <ImportModel onClose={() => ask(false)} />}
    </Page>
  );
}

function Table({ models }: { models: readonly ModelItem[] }) {
  return (
    <Records
      rows={models}
      keyOf={({ id }) => id}
      columns={[
        {
          title: 'Model',
          cell: ({ id, name }) => (
            <Link to="/models/$modelId" params={{ modelId: id }}>
              <bdi>{name ?? id}</bdi>
            </Link>
          ),
        },
        { title: 'Holdings', kind: 'numeric', cell: ({ holdings }) => formatCount(holdings) },
        {
          title: 'Sum of weights',
          kind: 'numeric',
          cell: ({ weightSum }) => (
            <span className={isWhole(weightSum) ? undefined : styles.odd}>{formatShare(weightSum)}</span>
          ),
        },
        { title: 'Revision', kind: 'numeric', cell: ({ revision }) => revision },
        { title: 'Changed', cell: ({ updatedAt }) => <Moment at={updatedAt} /> },
      ]}
    />
  );
}
