import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { SystemHealth } from '../../../../core/contracts/http/health.ts';
import { systemHistoryQuery } from '../../api/queries.ts';
import { StatusDisc } from '../../components/status-disc.tsx';
import { Trend } from '../../components/trend.tsx';
import { shownSystem } from '../../sources/system.ts';
import { missing } from '../../text/format.ts';
import styles from './system.module.css';

/** The installation as a whole: its state in a sentence, its score with what holds it, and how it was. */
export function System({ system }: { system: SystemHealth }) {
  const { status, sentence, score, held } = shownSystem(system);
  return (
    <section aria-label="State">
      <p className={styles.state}>
        <StatusDisc status={status} />
        <Link to="/sources">{sentence}</Link>
      </p>
      <div className={styles.score}>
        <div className={styles.figure}>
          <p>
            <strong>{score ?? missing}</strong> <span className={styles.of}>of 100</span>
          </p>
          {held !== null && <p className={styles.held}>{held}</p>}
        </div>
        <History by="hour" />
        <History by="day" />
      </div>
    </section>
  );
}

/** The score by the hour or day, with the lowest of that time. */
function History({ by }: { by: 'hour' | 'day' }) {
  const history = useQuery(systemHistoryQuery(by));
  const known = (history.data ?? []).flatMap(({ lowest, score }) => lowest ?? score ?? []);
  return (
    <figure className={styles.history}>
      <Trend trend={history.data ?? []} by={by} of="System score" />
      <figcaption className={styles.span}>
        <span>{by === 'hour' ? 'Last 24 hours' : 'Last 30 days'}</span>
        <span>
          {history.isError && known.length === 0
            ? 'not known'
            : known.length === 0
              ? 'nothing yet'
              : `lowest ${Math.round(Math.min(...known))}`}
        </span>
      </figcaption>
    </figure>
  );
}
