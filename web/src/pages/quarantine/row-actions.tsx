import { useMutation } from '@tanstack/react-query';
import { BadgeCheck, RotateCcw, Trash2 } from 'lucide-react';
import { useState } from 'react';
import type { QuarantineView } from '../../../../core/contracts/http/operations.ts';
import { acceptRow, discardRows, replayRows } from '../../actions/repair.ts';
import { useRefusal } from '../../api/session.ts';
import { Button } from '../../components/button.tsx';
import dialogs from '../../components/dialog.module.css';
import { Dialog } from '../../components/dialog.tsx';
import { DialogChoice } from '../../components/dialog-choice.tsx';
import { DialogForm } from '../../components/dialog-form.tsx';
import { TextField } from '../../components/text-field.tsx';
import styles from './quarantine-page.module.css';

/** The actions on one row: replay its raw answer, and accept the price where it only jumps. */
export function RowActions({ row }: { row: QuarantineView }) {
  const [confirming, setConfirming] = useState(false);
  const [discarding, setDiscarding] = useState(false);
  const refusal = useRefusal();
  const name = row.symbol ?? 'one row';
  const replay = useMutation({ mutationFn: () => replayRows({ ids: [row.id] }, `the answer with ${name}`) });
  return (
    <div className={styles.actions}>
      <Button
        refusal={refusal}
        icon={<RotateCcw aria-hidden="true" />}
        busy={replay.isPending}
        onClick={() => replay.mutate()}
      >
        Replay
      </Button>
      {row.finding.code === 'price_ratio' && (
        <Button refusal={refusal} icon={<BadgeCheck aria-hidden="true" />} onClick={() => setConfirming(true)}>
          Accept price …
        </Button>
      )}
      <Button refusal={refusal} icon={<Trash2 aria-hidden="true" />} onClick={() => setDiscarding(true)}>
        Discard …
      </Button>
      {confirming && <AcceptPrice row={row} onClose={() => setConfirming(false)} />}
      {discarding && <Discard rows={{ ids: [row.id] }} what={name} onClose={() => setDiscarding(false)} />}
    </div>
  );
}

/** Confirms first: a price that was served cannot be recalled. */
function AcceptPrice({ row, onClose }: { row: QuarantineView; onClose: () => void }) {
  const accept = useMutation({ mutationFn: () => acceptRow(row), onSettled: onClose });
  return (
    <Dialog title="Accept this price?" narrow onClose={onClose}>
      <p className={dialogs.text}>
        <strong>
          <bdi>{row.symbol}</bdi>
        </strong>{' '}
        from {row.sourceId}: <bdi>{row.detail}</bdi>
      </p>
      <p className={dialogs.text}>
        The price is stored, and served if it is the newest. This cannot be undone: only a later price replaces it.
      </p>
      <DialogChoice act="Accept it" busy={accept.isPending} onClose={onClose} onAct={() => accept.mutate()} />
    </Dialog>
  );
}

/** Nothing is to be done about the rows: asks why, which is kept with them. */
function Discard({
  rows,
  what,
  onClose,
}: {
  rows: Parameters<typeof discardRows>[0];
  what: string;
  onClose: () => void;
}) {
  const [because, setBecause] = useState('');
  const discard = useMutation({ mutationFn: () => discardRows(rows, because, what), onSettled: onClose });
  return (
    <DialogForm title={`Discard ${what}?`} act="Discard" narrow make={discard} onClose={onClose}>
      <p>The rows leave the quarantine and are not served. Their raw answers stay, and can be replayed by hand.</p>
      <TextField
        label="Why?"
        required
        maxLength={500}
        autoComplete="on"
        placeholder="A test listing, not traded"
        value={because}
        onChange={setBecause}
      />
    </DialogForm>
  );
}

/** Replays the raw answers of all rows of a source and reason, or discards the rows; those that are not shown, too. */
export function GroupActions({ sourceId, reason }: Pick<QuarantineView, 'sourceId' | 'reason'>) {
  const [discarding, setDiscarding] = useState(false);
  const refusal = useRefusal();
  const replay = useMutation({
    mutationFn: () => replayRows({ sourceId, reason }, `the answers of ${sourceId}`),
  });
  return (
    <>
      <Button
        refusal={refusal}
        icon={<RotateCcw aria-hidden="true" />}
        busy={replay.isPending}
        onClick={() => replay.mutate()}
      >
        Replay all
      </Button>
      <Button refusal={refusal} icon={<Trash2 aria-hidden="true" />} onClick={() => setDiscarding(true)}>
        Discard all …
      </Button>
      {discarding && (
        <Discard
          rows={{ sourceId, reason }}
          what={`all rows of ${sourceId} of this kind`}
          onClose={() => setDiscarding(false)}
        />
      )}
    </>
  );
}
