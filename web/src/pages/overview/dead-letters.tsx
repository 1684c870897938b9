import { useMutation, useQuery } from '@tanstack/react-query';
import { Redo2 } from 'lucide-react';
import { redriveLetters } from '../../actions/repair.ts';
import { deadLettersQuery } from '../../api/queries.ts';
import { useRefusal } from '../../api/session.ts';
import { Button } from '../../components/button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { Moment } from '../../components/moment.tsx';
import { Empty, ErrorState, Loading } from '../../components/states.tsx';
import { plural } from '../../text/format.ts';
import styles from './dead-letters.module.css';

/** The dead letters of a queue. Their bodies are untrusted and shown as plain text. */
export function DeadLetters({ queue, onClose }: { queue: string; onClose: () => void }) {
  const letters = useQuery(deadLettersQuery(queue));
  const refusal = useRefusal();
  const redrive = useMutation({ mutationFn: () => redriveLetters(queue) });
  return (
    <Dialog title={`Dead letters in ${queue}`} onClose={onClose}>
      <p className={styles.lead}>
        Each failed on every attempt. The function’s log says why. When the cause is fixed, redrive them: all go back to
        the queue with a full set of attempts.
      </p>
      {letters.data && letters.data.length > 0 && (
        <Button
          className={styles.redrive}
          refusal={refusal}
          icon={<Redo2 aria-hidden="true" />}
          busy={redrive.isPending}
          onClick={() => redrive.mutate()}
        >
          Redrive
        </Button>
      )}
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
      {letters.data?.length === 0 && <Empty title="None left">They were redriven or have expired.</Empty>}
      {letters.isPending && <Loading what="messages" rows={3} />}
      {!letters.data && letters.isError && (
        <ErrorState
          what="these messages"
          error={letters.error}
          retrying={letters.isFetching}
          onRetry={() => letters.refetch()}
        />
      )}
    </Dialog>
  );
}
