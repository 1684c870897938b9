import { Link } from '@tanstack/react-router';
import type { Warning } from '../../../../core/contracts/http/envelope.ts';
import type { QueueView } from '../../../../core/contracts/http/operations.ts';
import { formatCount, plural } from '../../text/format.ts';
import styles from './rows.module.css';

/** What waits, what is being worked on, and what was given up. Queues without any message are one line. */
export function Queues({ queues, warnings }: { queues: readonly QueueView[]; warnings: readonly Warning[] }) {
  if (queues.length === 0) {
    return <p className={styles.none}>{warnings[0]?.message ?? 'This deployment has no queues.'}</p>;
  }
  const busy = queues.filter(({ waiting, inFlight, dead }) => waiting + inFlight + dead > 0);
  const empty = queues.filter((queue) => !busy.includes(queue)).map(({ name }) => name);
  return (
    <>
      {busy.length > 0 && (
        <table className={styles.table}>
          <thead>
            <tr>
              <th>Queue</th>
              <th className={styles.numeric}>Waiting</th>
              <th className={styles.numeric}>In flight</th>
              <th className={styles.numeric}>Dead</th>
            </tr>
          </thead>
          <tbody>
            {busy.map((queue) => (
              <tr key={queue.name}>
                <th scope="row">{queue.name}</th>
                <td className={styles.numeric}>{formatCount(queue.waiting)}</td>
                <td className={styles.numeric}>{formatCount(queue.inFlight)}</td>
                <td className={styles.numeric}>
                  {queue.dead > 0 ? (
                    <Link
                      to="/"
                      search={{ dead: queue.name }}
                      className={styles.dead}
                      aria-label={`${queue.dead} dead in ${queue.name}: show them`}
                    >
                      {formatCount(queue.dead)}
                    </Link>
                  ) : (
                    0
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {empty.length > 0 && (
        <p className={styles.none} title={empty.join(', ')}>
          {busy.length === 0
            ? `All ${plural(empty.length, 'queue')} are empty.`
            : `${plural(empty.length, 'other queue is', 'other queues are')} empty.`}
        </p>
      )}
    </>
  );
}
