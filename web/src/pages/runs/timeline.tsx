import { Link } from '@tanstack/react-router';
import type { RunView } from '../../../../core/contracts/http/operations.ts';
import { whyInWords } from '../../../../core/contracts/words/causes.ts';
import { useNow } from '../../api/clock.ts';
import { formatDuration, formatExact } from '../../text/format.ts';
import styles from './timeline.module.css';

const width = 1_000;
const lane = 22;
/** A run of a second would not be seen. */
const narrowest = 3;

/** A lane for each source, a bar for each run: where it stands is when, how long it took, its colour how it ended. */
export function Timeline({ runs, titles }: { runs: readonly RunView[]; titles: ReadonlyMap<string, string> }) {
  const now = useNow();
  const from = Math.min(...runs.map(({ dueAt }) => Date.parse(dueAt)));
  const span = Math.max(60_000, now - from);
  const sources = [...new Set(runs.map(({ sourceId }) => sourceId))].toSorted();
  const x = (at: number) => ((at - from) / span) * width;
  return (
    <figure className={styles.timeline}>
      <ol className={styles.names}>
        {sources.map((id) => (
          <li key={id}>
            <Link to="/sources/$sourceId" params={{ sourceId: id }}>
              {titles.get(id) ?? id}
            </Link>
          </li>
        ))}
      </ol>
      <svg
        viewBox={`0 0 ${width} ${sources.length * lane}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`Timeline of ${runs.length} runs of the last ${formatDuration(span / 1_000)}; the table below has each`}
      >
        {sources.map((id, at) => (
          <line
            key={id}
            className={styles.line}
            x1="0"
            x2={width}
            y1={(at + 1) * lane - 0.5}
            y2={(at + 1) * lane - 0.5}
          />
        ))}
        {runs.map((run) => {
          const start = Date.parse(run.createdAt);
          const end = run.finishedAt === null ? now : Date.parse(run.finishedAt);
          return (
            <rect
              key={run.id}
              className={styles[run.status]}
              x={Math.min(width - narrowest, Math.max(0, x(start)))}
              y={sources.indexOf(run.sourceId) * lane + 4}
              width={Math.max(narrowest, x(end) - x(start))}
              height={lane - 8}
            >
              <title>
                {run.job}, {run.status}
                {run.reason !== null && `: ${whyInWords(run)}`}, {formatExact(start)}
              </title>
            </rect>
          );
        })}
      </svg>
      <figcaption className={styles.axis}>
        <span>{formatDuration(span / 1_000)} ago</span>
        <span>now</span>
      </figcaption>
    </figure>
  );
}
