import { Copy } from 'lucide-react';
import styles from './blob-key.module.css';
import { IconButton } from './button.tsx';
import { toast, toastFailure } from './toasts.tsx';

/** The key of a raw blob in full, with a button that copies it. */
export function BlobKey({ value }: { value: string }) {
  return (
    <span className={styles.key}>
      <code>{value}</code>
      <IconButton label="Copy the blob’s key" icon={<Copy aria-hidden="true" />} onClick={() => void copy(value)} />
    </span>
  );
}

async function copy(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    toast({ tone: 'done', text: 'Copied.' });
  } catch (error) {
    toastFailure('The key was not copied', error);
  }
}
