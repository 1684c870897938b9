import { plural } from '../../text/format.ts';
import styles from './rows.module.css';

/** The events that wait to be published: how far followers are behind. */
export function EventsWaiting({ waiting, oldestSeconds }: { waiting: number; oldestSeconds: number }) {
  return (
    <p className={styles.none}>
      {waiting === 0
        ? 'All events are published.'
        : `${plural(waiting, 'event waits', 'events wait')} to be published, the oldest for ${oldestSeconds} s.`}
    </p>
  );
}
