import { Check, CircleAlert, Info, TriangleAlert, X } from 'lucide-react';
import { type ReactNode, useEffect, useState, useSyncExternalStore } from 'react';
import { requestErrorOf } from '../api/failure.ts';
import { Button, IconButton } from './button.tsx';
import styles from './toasts.module.css';

interface Toast {
  readonly id: number;
  /** `warning`: it was done, and came to nothing. */
  readonly tone: 'done' | 'doing' | 'warning' | 'failed';
  readonly text: ReactNode;
  /** Takes the action back, or leads on. */
  readonly action?: { readonly label: string; readonly run: () => void };
}

let toasts: readonly Toast[] = [];
let lastId = 0;
const listeners = new Set<() => void>();

function show(next: readonly Toast[]): void {
  toasts = next;
  for (const listener of listeners) listener();
}

/** Say what was done, at the edge of the page. Gives an id with which the text can be replaced while work goes on. */
export function toast(content: Omit<Toast, 'id'>, replaces?: number): number {
  const id = replaces ?? ++lastId;
  const added = { ...content, id };
  show(
    toasts.some((one) => one.id === id)
      ? toasts.map((one) => (one.id === id ? added : one))
      : [...toasts, added].slice(-3),
  );
  return id;
}

/** Say that a change did not work, and why. */
export function toastFailure(what: string, error: unknown, replaces?: number): void {
  const failure = requestErrorOf(error);
  toast(
    {
      tone: 'failed',
      text: (
        <>
          <strong>{what}.</strong> {failure.title}. {failure.message}
          {failure.requestId !== null && <span className={styles.request}>Request {failure.requestId}</span>}
        </>
      ),
    },
    replaces,
  );
}

function close(id: number): void {
  show(toasts.filter((one) => one.id !== id));
}

const icons = { done: <Check />, doing: <Info />, warning: <TriangleAlert />, failed: <CircleAlert /> };

/** Where toasts appear. Announced politely; each stays ten seconds, longer while it is pointed at or has the focus. */
export function Toasts() {
  const shown = useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => toasts,
  );
  return (
    <section className={styles.toasts} aria-label="Messages" aria-live="polite">
      {shown.map((one) => (
        <OneToast key={one.id} toast={one} />
      ))}
    </section>
  );
}

function OneToast({ toast: { id, tone, text, action } }: { toast: Toast }) {
  const [held, setHeld] = useState(false);
  useEffect(() => {
    // A failure stays until it is read; what is still under way is replaced by its result.
    if (held || tone !== 'done') return;
    const timer = setTimeout(() => close(id), 10_000);
    return () => clearTimeout(timer);
  }, [held, id, tone]);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: pointing at it only keeps it from closing
    <div
      className={styles.toast}
      data-tone={tone}
      onPointerEnter={() => setHeld(true)}
      onPointerLeave={() => setHeld(false)}
      onFocus={() => setHeld(true)}
      onBlur={() => setHeld(false)}
    >
      {icons[tone]}
      <p>{text}</p>
      {action && (
        <Button
          look="plain"
          className={styles.action}
          onClick={() => {
            close(id);
            action.run();
          }}
        >
          {action.label}
        </Button>
      )}
      <IconButton label="Close" icon={<X />} onClick={() => close(id)} />
    </div>
  );
}
