import { Button } from './button.tsx';
import styles from './dialog.module.css';

/** The end of a dialog that asks: leave it, or act. Without `onAct` the button submits the form that it stands in. */
export function DialogChoice({
  act,
  busy,
  refusal = null,
  onClose,
  onAct,
}: {
  act: string;
  busy: boolean;
  /** Why it cannot be done now; `null` where it can. */
  refusal?: string | null;
  onClose: () => void;
  onAct?: () => void;
}) {
  return (
    <div className={styles.choice}>
      <Button onClick={onClose}>Cancel</Button>
      <Button look="primary" busy={busy} refusal={refusal} {...(onAct ? { onClick: onAct } : { type: 'submit' })}>
        {act}
      </Button>
    </div>
  );
}
