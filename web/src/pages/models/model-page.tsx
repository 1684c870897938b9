import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { Download, Pencil, Trash2 } from 'lucide-react';
import { amountPattern, type ModelView } from '../../../../core/contracts/http/models.ts';
import { removeModel } from '../../actions/models.ts';
import { modelQuery } from '../../api/model-queries.ts';
import { useRefusal } from '../../api/session.ts';
import { Button } from '../../components/button.tsx';
import { Moment } from '../../components/moment.tsx';
import { Back, Page, Section } from '../../components/page.tsx';
import { ErrorState, Loading, StaleNotice } from '../../components/states.tsx';
import { formatShare, plural } from '../../text/format.ts';
import { DayValue } from './day-value.tsx';
import { Holdings } from './holdings.tsx';
import { ImportModel } from './import-model.tsx';
import styles from './models.module.css';
import { Sectors } from './sectors.tsx';
import { isWhole } from './weights.ts';

const route = getRouteApi('/models/$modelId');
/** What the value is of, unless the address says. */
const usualAmount = '100';

/** One model: its value and change of the day, its sectors, and its holdings. */
export function ModelPage() {
  const { modelId } = route.useParams();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const amount = amountPattern.test(search.amount ?? '') ? (search.amount ?? usualAmount) : usualAmount;
  const model = useQuery(modelQuery(modelId, amount));
  const found = model.data;
  const edit = (open: boolean) =>
    void navigate({ search: (before) => ({ ...before, edit: open ? '1' : undefined }), replace: !open });
  return (
    <Page
      title={<bdi>{found?.name ?? modelId}</bdi>}
      name={found?.name ?? modelId}
      above={<Back to="/models">Models</Back>}
      lead={found && <Lead model={found} />}
    >
      {found && model.isError && (
        <StaleNotice
          since={model.dataUpdatedAt}
          error={model.error}
          retrying={model.isFetching}
          onRetry={() => model.refetch()}
        />
      )}
      {found && (
        <>
          <Actions model={found} onEdit={() => edit(true)} />
          <DayValue
            model={found}
            amount={amount}
            onAmount={(next) => void navigate({ search: (before) => ({ ...before, amount: next }), replace: true })}
          />
          <Section title="Sectors" note="By weight, with what each adds to the change of the day">
            <Sectors model={found} />
          </Section>
          <Section title="Holdings">
            <Holdings model={found} />
          </Section>
        </>
      )}
      {model.isPending && <Loading what="the model" />}
      {!found && model.isError && (
        <ErrorState what="the model" error={model.error} retrying={model.isFetching} onRetry={() => model.refetch()} />
      )}
      {found && search.edit !== undefined && <ImportModel former={found} onClose={() => edit(false)} />}
    </Page>
  );
}

function Lead({ model: { holdings, weightSum, revision, updatedAt } }: { model: ModelView }) {
  return (
    <>
      {plural(holdings.length, 'holding')}, revision {revision}, changed <Moment at={updatedAt} />.{' '}
      {!isWhole(weightSum) && (
        <strong className={styles.odd}>
          The weights sum up to {formatShare(weightSum)}, not to 100 %; what lacks counts as cash.
        </strong>
      )}
    </>
  );
}

function Actions({ model, onEdit }: { model: ModelView; onEdit: () => void }) {
  const refusal = useRefusal();
  const navigate = route.useNavigate();
  return (
    <div className={styles.bar}>
      <Button icon={<Pencil aria-hidden="true" />} refusal={refusal} onClick={onEdit}>
        Edit
      </Button>
      <a className={styles.file} href={`/api/v1/models/${encodeURIComponent(model.id)}?format=csv`}>
        <Download aria-hidden="true" /> CSV
      </a>
      <Button
        icon={<Trash2 aria-hidden="true" />}
        refusal={refusal}
        onClick={() => void removeModel(model, () => navigate({ to: '/models' }))}
      >
        Delete
      </Button>
    </div>
  );
}
