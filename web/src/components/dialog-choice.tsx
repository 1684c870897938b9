import { Button } from './button.tsx';
import styles from './dialog.module.css';

/** The end of a dialog that asks: leave it, or act. Without `onAct` the button submits the form that it stands in. */
export function DialogChoice({
  act,
  busy,
  onClose,
  onAct,
}: {
  act: string;
  busy: boolean;
  onClose: () => void;
  onAct?: () => void;
}) {
  return (
    <div className={styles.choice}>
      <Button onClick={onClose}>Cancel</Button>
      <Button look="primary" busy={busy} {...(onAct ? { onClick: onAct } : { type: 'submit' })}>
        {act}
      </Button>
    </div>
  );
}
