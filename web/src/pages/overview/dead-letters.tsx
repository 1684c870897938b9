import { useQuery } from '@tanstack/react-query';
import { deadLettersQuery } from '../../api/queries.ts';
import { Dialog } from '../../elements/dialog.tsx';
import { Moment } from '../../elements/moment.tsx';
import { Empty, Loading, Trouble } from '../../elements/states.tsx';
import { plural } from '../../format.ts';
import styles from './dead-letters.module.css';

/** The messages that a queue gave up on, as they are. Their text is of unknown origin, and text it stays. */
export function DeadLetters({ queue, onClose }: { queue: string; onClose: () => void }) {
  const letters = useQuery(deadLettersQuery(queue));
  return (
    <Dialog title={`Given up in ${queue}`} onClose={onClose}>
      <p className={styles.lead}>
        Each failed on every attempt. The function’s log says why; when that is repaired, the messages can be sent
        again.
      </p>
      {letters.data && letters.data.length > 0 && (
        <ul className={styles.letters}>
          {letters.data.map((letter) => (
            <li key={letter.messageId}>
              <p>
                Sent <Moment at={letter.sentAt} />, {plural(letter.receiveCount, 'attempt')}{' '}
                <code>{letter.messageId}</code>
              </p>
              <pre>{letter.body}</pre>
            </li>
          ))}
        </ul>
      )}
      {letters.data?.length === 0 && <Empty title="None left">They were sent again, or have expired.</Empty>}
      {letters.isPending && <Loading what="messages" rows={3} />}
      {!letters.data && letters.isError && (
        <Trouble
          what="these messages"
          error={letters.error}
          retrying={letters.isFetching}
          onRetry={() => letters.refetch()}
        />
      )}
    </Dialog>
  );
}
