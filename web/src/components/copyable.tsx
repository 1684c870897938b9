import { Copy } from 'lucide-react';
import { IconButton } from './button.tsx';
import styles from './copyable.module.css';
import { toast, toastFailure } from './toasts.tsx';

/** A text in full, as code, with a button that copies it. `of` says what is copied: “the blob’s key”. */
export function Copyable({ value, of }: { value: string; of: string }) {
  return (
    <span className={styles.copyable}>
      <code>{value}</code>
      <IconButton label={`Copy ${of}`} icon={<Copy aria-hidden="true" />} onClick={() => void copy(value, of)} />
    </span>
  );
}

async function copy(text: string, of: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    toast({ tone: 'done', text: 'Copied.' });
  } catch (error) {
    toastFailure(`Could not copy ${of}`, error);
  }
}
