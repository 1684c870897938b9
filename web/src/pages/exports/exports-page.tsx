import { useInfiniteQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { FileDown, Plus } from 'lucide-react';
import type { ExportView } from '../../../../core/contracts/http/exports.ts';
import { exportsQuery } from '../../api/export-queries.ts';
import { useRefusal } from '../../api/session.ts';
import { Button } from '../../components/button.tsx';
import { Moment } from '../../components/moment.tsx';
import { MoreRows } from '../../components/more-rows.tsx';
import { Page } from '../../components/page.tsx';
import { Records } from '../../components/records.tsx';
import { Empty, ErrorState, Loading, StaleNotice } from '../../components/states.tsx';
import { StatusDisc } from '../../components/status-disc.tsx';
import tables from '../../components/table.module.css';
import { formatCount, missing } from '../../text/format.ts';
import { ExportDialog } from './export-dialog.tsx';
import { formatBytes, progressOf, whatOf } from './export-words.ts';
import styles from './exports-page.module.css';
import { NewExport } from './new-export.tsx';

const route = getRouteApi('/exports');

/** Exports: prices of the past as files, how far they are, and the links to download them. */
export function ExportsPage() {
  const exports = useInfiniteQuery(exportsQuery);
  const refusal = useRefusal();
  const { make, id } = route.useSearch();
  const navigate = route.useNavigate();
  const ask = (open: boolean) => void navigate({ search: { make: open ? '1' : undefined }, replace: !open });
  const show = (shown: string | undefined) => void navigate({ search: { id: shown }, replace: true });
  const there = exports.data?.pages.flatMap((page) => page.exports) ?? [];
  const button = (
    <Button look="primary" icon={<Plus aria-hidden="true" />} refusal={refusal} onClick={() => ask(true)}>
      New export
    </Button>
  );
  return (
    <Page
      title="Exports"
      lead="Prices of the past as Parquet files, for DuckDB, pandas and Athena; kept for seven days"
    >
      {exports.data && exports.isError && (
        <StaleNotice
          since={exports.dataUpdatedAt}
          error={exports.error}
          retrying={exports.isFetching}
          onRetry={() => exports.refetch()}
        />
      )}
      {there.length > 0 && (
        <>
          <div className={styles.bar}>{button}</div>
          <Table exports={there} shown={id} />
        </>
      )}
      <MoreRows pages={exports} text="Earlier exports" />
      {exports.data && there.length === 0 && (
        <Empty title="No exports yet" icon={<FileDown aria-hidden="true" />} action={button}>
          An export has the quotes and bars of some symbols, an exchange or everything, with what was corrected, and
          corporate actions. It is written in the background, and its files are downloaded here or by the command line.
        </Empty>
      )}
      {exports.isPending && <Loading what="the exports" />}
      {!exports.data && exports.isError && (
        <ErrorState
          what="the exports"
          error={exports.error}
          retrying={exports.isFetching}
          onRetry={() => exports.refetch()}
        />
      )}
      {make !== undefined && refusal === null && (
        <NewExport onMade={(made) => show(made.id)} onClose={() => ask(false)} />
      )}
      {id !== undefined && <ExportDialog key={id} id={id} onClose={() => show(undefined)} />}
    </Page>
  );
}

function Table({ exports, shown }: { exports: readonly ExportView[]; shown: string | undefined }) {
  return (
    <Records
      rows={exports}
      keyOf={({ id }) => id}
      look={({ id }) => ({ 'data-selected': id === shown || undefined })}
      columns={[
        {
          title: 'Of',
          cell: (view) => (
            <Link to="/exports" search={{ id: view.id }}>
              <bdi>{whatOf(view)}</bdi>
            </Link>
          ),
        },
        { title: 'Status', cell: (view) => <ExportStatus view={view} /> },
        { title: 'Prices', cell: ({ intervals }) => intervals.join(', ') },
        { title: 'Days', cell: ({ from, to }) => `${from} to ${to}` },
        { title: 'Rows', kind: 'numeric', cell: ({ rows }) => formatCount(rows) },
        { title: 'Size', kind: 'numeric', cell: ({ bytes }) => formatBytes(bytes) },
        { title: 'Asked for', cell: ({ createdAt }) => <Moment at={createdAt} /> },
        {
          title: 'Kept until',
          cell: ({ expiresAt }) => (expiresAt === null ? missing : <Moment at={expiresAt} />),
        },
      ]}
    />
  );
}

const discs = {
  waiting: 'unknown',
  running: 'unknown',
  succeeded: 'healthy',
  failed: 'failed',
  cancelled: 'paused',
  expired: 'paused',
} as const;

function ExportStatus({ view }: { view: ExportView }) {
  return (
    <span className={tables.status}>
      <StatusDisc status={discs[view.status]} />
      {progressOf(view)}
    </span>
  );
}
