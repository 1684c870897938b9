import { useMutation } from '@tanstack/react-query';
import { BadgeCheck, RotateCcw } from 'lucide-react';
import { useState } from 'react';
import type { QuarantineView } from '../../../../core/contracts/http/operations.ts';
import { acceptRow, replayRows } from '../../actions/repair.ts';
import { useRefusal } from '../../api/session.ts';
import { Button } from '../../components/button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import styles from './quarantine-page.module.css';

/** The actions on one row: replay its raw answer, and accept the price where it only jumps. */
export function RowActions({ row }: { row: QuarantineView }) {
  const [confirming, setConfirming] = useState(false);
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
        Replay
      </Button>
      {row.finding.code === 'price_ratio' && (
        <Button {...refused} icon={<BadgeCheck aria-hidden="true" />} onClick={() => setConfirming(true)}>
          Accept price …
        </Button>
      )}
      {confirming && <AcceptPrice row={row} onClose={() => setConfirming(false)} />}
    </div>
  );
}

/** Confirms first: a price that was served cannot be recalled. */
function AcceptPrice({ row, onClose }: { row: QuarantineView; onClose: () => void }) {
  const accept = useMutation({ mutationFn: () => acceptRow(row), onSettled: onClose });
  return (
    <Dialog title="Accept this price?" narrow onClose={onClose}>
      <p className={styles.belief}>
        <strong>
          <bdi>{row.symbol}</bdi>
        </strong>{' '}
        from {row.sourceId}: <bdi>{row.detail}</bdi>
      </p>
      <p className={styles.belief}>
        The price is stored, and served if it is the newest. This cannot be undone: only a later price replaces it.
      </p>
      <div className={styles.choice}>
        <Button onClick={onClose}>Cancel</Button>
        <Button look="primary" busy={accept.isPending} onClick={() => accept.mutate()}>
          Accept it
        </Button>
      </div>
    </Dialog>
  );
}

/** Replays the raw answers of all rows of a source and reason, including rows that are not shown. */
export function GroupActions({ sourceId, reason }: Pick<QuarantineView, 'sourceId' | 'reason'>) {
  const refusal = useRefusal();
  const replay = useMutation({
    mutationFn: () => replayRows({ sourceId, reason }, `the answers of ${sourceId}`),
  });
  return (
    <Button
      aria-disabled={refusal !== null}
      title={refusal ?? undefined}
      icon={<RotateCcw aria-hidden="true" />}
      busy={replay.isPending}
      onClick={() => replay.mutate()}
    >
      Replay all
    </Button>
  );
}
