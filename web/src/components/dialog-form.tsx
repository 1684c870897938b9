import type { FormEvent, ReactNode } from 'react';
import { requestErrorOf } from '../api/failure.ts';
import { Dialog } from './dialog.tsx';
import { DialogChoice } from './dialog-choice.tsx';
import styles from './dialog-form.module.css';

/** A dialog whose form makes or sets something: its fields, why it was refused, and the choice to leave it or to make it. */
export function DialogForm({
  title,
  act = 'Make it',
  narrow = false,
  make,
  onClose,
  children,
}: {
  title: string;
  /** What its button says. */
  act?: string;
  narrow?: boolean;
  make: { mutate(): void; readonly isPending: boolean; readonly error: Error | null };
  onClose: () => void;
  children: ReactNode;
}) {
  const submit = (event: FormEvent) => {
    event.preventDefault();
    make.mutate();
  };
  const refusal = make.error === null ? null : requestErrorOf(make.error);
  return (
    <Dialog title={title} narrow={narrow} onClose={onClose}>
      <form className={styles.form} onSubmit={submit}>
        {children}
        {refusal !== null && (
          <p className={styles.refusal} role="alert">
            <strong>{refusal.title}.</strong> {refusal.message}
          </p>
        )}
        <DialogChoice act={act} busy={make.isPending} onClose={onClose} />
      </form>
    </Dialog>
  );
}
