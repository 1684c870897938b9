import { Link } from '@tanstack/react-router';
import type { RunView } from '../../../../core/contracts/http/operations.ts';
import { whyInWords } from '../../../../core/contracts/words/causes.ts';
import { Moment } from '../../components/moment.tsx';
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
    <div className={styles.scroller}>
      <table className={styles.table}>
        <thead>
          <tr>
            <th>Due</th>
            {titles && <th>Source</th>}
            <th>Job</th>
            <th>Status</th>
            <th className={styles.numeric}>Took</th>
            <th className={styles.numeric}>Stored</th>
            <th className={styles.numeric}>Rejected</th>
            <th>Trigger</th>
          </tr>
        </thead>
        <tbody>
          {runs.map((run) => (
            <tr key={run.id} data-selected={run.id === selected || undefined}>
              <td>
                <Link
                  to="/sources/$sourceId"
                  params={{ sourceId: run.sourceId }}
                  search={{ run: run.id }}
                  aria-current={run.id === selected || undefined}
                >
                  <Moment at={run.dueAt} />
                </Link>
              </td>
              {titles && <td>{titles.get(run.sourceId) ?? run.sourceId}</td>}
              <td>{run.job}</td>
              <td>
                <RunStatus run={run} />
              </td>
              <td className={styles.numeric}>{tookOf(run)}</td>
              <td className={styles.numeric}>{formatCount(run.accepted)}</td>
              <td className={styles.numeric}>{formatCount(run.rejected)}</td>
              <td>{words(run.trigger)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
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
