import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { ChevronRight, ShieldCheck } from 'lucide-react';
import type { QuarantineView } from '../../../../core/contracts/http/operations.ts';
import { rowReasonWords } from '../../../../core/contracts/words/quarantine-reasons.ts';
import { quarantineQuery } from '../../api/queries.ts';
import { Moment } from '../../components/moment.tsx';
import { Page, Section } from '../../components/page.tsx';
import { Empty, ErrorState, Loading, StaleNotice } from '../../components/states.tsx';
import { capital, missing, plural } from '../../text/format.ts';
import { Detail } from './detail.tsx';
import styles from './quarantine-page.module.css';
import { GroupActions, RowActions } from './row-actions.tsx';

const route = getRouteApi('/quarantine');

/** What each reason means, in a sentence. */
const descriptions: Record<QuarantineView['reason'], string> = {
  schema: 'The row does not have the expected format.',
  unit_suspect: 'The price looks as if it were in another unit, such as pence for pounds.',
  implausible_jump: 'The price is too far from the one before.',
  future_time: 'The time of the row is in the future.',
  non_positive: 'A price must be above zero.',
  unknown_listing: 'The symbol was not requested, or is not known.',
  source_mismatch: 'The currency differs from the currency of the listing.',
  duplicate_conflict: 'The answer has this row twice, with different values.',
};

/** The quarantined rows, by source and reason. */
export function QuarantinePage() {
  const search = route.useSearch();
  const quarantine = useQuery(quarantineQuery);
  const rows = quarantine.data?.rows.filter(
    (row) => (search.source ?? row.sourceId) === row.sourceId && (search.reason ?? row.reason) === row.reason,
  );
  const filtered = search.source !== undefined || search.reason !== undefined;
  return (
    <Page
      title="Quarantine"
      lead={
        rows &&
        rows.length > 0 && (
          <>
            {quarantine.data?.more ? `The newest ${rows.length} rows` : plural(rows.length, 'row')} held back from what
            is served
            {filtered && (
              <>
                {' '}
                · <Link to="/quarantine">show all</Link>
              </>
            )}
          </>
        )
      }
    >
      {quarantine.data && quarantine.isError && (
        <StaleNotice
          since={quarantine.dataUpdatedAt}
          error={quarantine.error}
          retrying={quarantine.isFetching}
          onRetry={() => quarantine.refetch()}
        />
      )}
      {rows && groupsOf(rows).map((group) => <Group key={group.key} group={group} open={search.row} />)}
      {rows?.length === 0 && (
        <Empty
          title={filtered ? 'Nothing of this kind in quarantine' : 'Nothing in quarantine'}
          icon={<ShieldCheck aria-hidden="true" />}
          action={filtered && <Link to="/quarantine">Show all</Link>}
        >
          A row that fails a check (another unit, an implausible jump, a time in the future) is held here instead of
          being served, with the reason and its raw answer.
        </Empty>
      )}
      {quarantine.isPending && <Loading what="the quarantine" />}
      {!quarantine.data && quarantine.isError && (
        <ErrorState
          what="the quarantine"
          error={quarantine.error}
          retrying={quarantine.isFetching}
          onRetry={() => quarantine.refetch()}
        />
      )}
    </Page>
  );
}

interface RowGroup {
  readonly key: string;
  readonly sourceId: string;
  readonly reason: QuarantineView['reason'];
  readonly rows: QuarantineView[];
}

function groupsOf(rows: readonly QuarantineView[]): RowGroup[] {
  const groups = new Map<string, RowGroup>();
  for (const row of rows) {
    const key = `${row.sourceId} ${row.reason}`;
    const group = groups.get(key) ?? { key, sourceId: row.sourceId, reason: row.reason, rows: [] };
    group.rows.push(row);
    groups.set(key, group);
  }
  return [...groups.values()].toSorted((a, b) => b.rows.length - a.rows.length);
}

function Group({ group, open }: { group: RowGroup; open: string | undefined }) {
  const navigate = route.useNavigate();
  return (
    <Section
      title={`${capital(rowReasonWords[group.reason])}, ${group.sourceId}`}
      note={
        <>
          {plural(group.rows.length, 'row')}. {descriptions[group.reason]}{' '}
          <Link to="/quarantine" search={{ source: group.sourceId, reason: group.reason }}>
            Only these
          </Link>
        </>
      }
    >
      <div className={styles.rows}>
        {group.rows.map((row) => (
          <details
            key={row.id}
            className={styles.row}
            open={row.id === open}
            onToggle={(event) => {
              const isOpen = event.currentTarget.open;
              if (isOpen === (row.id === open)) return;
              void navigate({ search: (before) => ({ ...before, row: isOpen ? row.id : undefined }), replace: true });
            }}
          >
            <summary>
              <ChevronRight aria-hidden="true" />
              <strong>
                <bdi>{row.symbol ?? missing}</bdi>
              </strong>
              <span className={styles.detail}>
                <bdi>{row.detail}</bdi>
              </span>
              <Moment at={row.at} className={styles.at} />
            </summary>
            {row.id === open && <Detail row={row} />}
            <RowActions row={row} />
          </details>
        ))}
      </div>
      {group.rows.length > 1 && (
        <div className={styles.all}>
          <GroupActions sourceId={group.sourceId} reason={group.reason} />
        </div>
      )}
    </Section>
  );
}
