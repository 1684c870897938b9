import { useMutation } from '@tanstack/react-query';
import { BadgeCheck, RotateCcw } from 'lucide-react';
import { useState } from 'react';
import type { QuarantineView } from '../../../../core/contracts/http/operations.ts';
import { useRefusal } from '../../api/actions.ts';
import { believeRow, replayRows } from '../../api/repairs.ts';
import { Button } from '../../elements/button.tsx';
import { Dialog } from '../../elements/dialog.tsx';
import styles from './quarantine-page.module.css';

/** What can be done about one row: read its raw answer anew, and believe it where it only jumps. */
export function RowActions({ row }: { row: QuarantineView }) {
  const [asks, setAsks] = useState(false);
  const refusal = useRefusal();
  const name = row.symbol ?? 'one row';
  const replay = useMutation({ mutationFn: () => replayRows({ ids: [row.id] }, `the answer with ${name}`) });
  const refused = { 'aria-disabled': refusal !== null, title: refusal ?? undefined };
  return (
    <div className={styles.actions}>
      <Button
        {...refused}
        icon={<RotateCcw aria-hidden="true" />}
        busy={replay.isPending}
        onClick={() => replay.mutate()}
      >
        Read anew
      </Button>
      {row.reason === 'implausible_jump' && (
        <Button {...refused} icon={<BadgeCheck aria-hidden="true" />} onClick={() => setAsks(true)}>
          Believe …
        </Button>
      )}
      {asks && <Belief row={row} onClose={() => setAsks(false)} />}
    </div>
  );
}

/** Asks first: a price that was served cannot be called back. */
function Belief({ row, onClose }: { row: QuarantineView; onClose: () => void }) {
  const believe = useMutation({ mutationFn: () => believeRow(row), onSettled: onClose });
  return (
    <Dialog title="Believe this price?" narrow onClose={onClose}>
      <p className={styles.belief}>
        <strong>
          <bdi>{row.symbol}</bdi>
        </strong>{' '}
        from {row.sourceId}: <bdi>{row.detail}</bdi>
      </p>
      <p className={styles.belief}>
        It is stored as you vouch for it, and served if it is the newest. That cannot be undone: only a later price
        replaces it.
      </p>
      <div className={styles.choice}>
        <Button onClick={onClose}>Cancel</Button>
        <Button look="primary" busy={believe.isPending} onClick={() => believe.mutate()}>
          Believe it
        </Button>
      </div>
    </Dialog>
  );
}

/** Reads the raw answers of all rows of a source and reason anew, those that are not shown too. */
export function GroupActions({ sourceId, reason }: Pick<QuarantineView, 'sourceId' | 'reason'>) {
  const refusal = useRefusal();
  const replay = useMutation({
    mutationFn: () => replayRows({ sourceId, reason }, `what ${sourceId} answered`),
  });
  return (
    <Button
      aria-disabled={refusal !== null}
      title={refusal ?? undefined}
      icon={<RotateCcw aria-hidden="true" />}
      busy={replay.isPending}
      onClick={() => replay.mutate()}
    >
      Read all anew
    </Button>
  );
}
