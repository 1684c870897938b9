import { Link } from '@tanstack/react-router';
import type { RunView } from '../../../../core/contracts/http/operations.ts';
import { whyInWords } from '../../../../core/contracts/words/causes.ts';
import { Moment } from '../../components/moment.tsx';
import { Records } from '../../components/records.tsx';
import { StatusDisc } from '../../components/status-disc.tsx';
import styles from '../../components/table.module.css';
import { formatCount, formatDuration, missing, words } from '../../text/format.ts';

/** Runs, the latest first; each leads to its tasks and attempts. `titles`: also whose each is, by the source's id. */
export function RunTable({
  runs,
  selected,
  titles,
}: {
  runs: readonly RunView[];
  selected?: string | undefined;
  titles?: ReadonlyMap<string, string>;
}) {
  return (
    <Records
      rows={runs}
      keyOf={(run) => run.id}
      look={(run) => ({ 'data-selected': run.id === selected || undefined })}
      columns={[
        {
          title: 'Due',
          cell: (run) => (
            <Link
              to="/sources/$sourceId"
              params={{ sourceId: run.sourceId }}
              search={{ run: run.id }}
              aria-current={run.id === selected || undefined}
            >
              <Moment at={run.dueAt} />
            </Link>
          ),
        },
        ...(titles ? [{ title: 'Source', cell: (run: RunView) => titles.get(run.sourceId) ?? run.sourceId }] : []),
        { title: 'Job', cell: (run) => run.job },
        { title: 'Status', cell: (run) => <RunStatus run={run} /> },
        { title: 'Took', kind: 'numeric', cell: tookOf },
        { title: 'Stored', kind: 'numeric', cell: (run) => formatCount(run.accepted) },
        { title: 'Rejected', kind: 'numeric', cell: (run) => formatCount(run.rejected) },
        { title: 'Trigger', cell: (run) => words(run.trigger) },
      ]}
    />
  );
}

const discs = {
  planned: 'unknown',
  running: 'unknown',
  succeeded: 'healthy',
  partial: 'degraded',
  failed: 'failed',
} as const;

function RunStatus({ run }: { run: RunView }) {
  return (
    <span className={styles.status}>
      <StatusDisc status={discs[run.status]} />
      {run.status}
      {run.reason !== null && `: ${whyInWords(run)}`}
    </span>
  );
}

function tookOf(run: RunView): string {
  if (run.finishedAt === null) return missing;
  const ms = Date.parse(run.finishedAt) - Date.parse(run.createdAt);
  return ms < 10_000 ? `${(ms / 1_000).toFixed(1)} s` : formatDuration(ms / 1_000);
}
