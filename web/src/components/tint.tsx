import { type ReactNode, useState } from 'react';
import styles from './tint.module.css';

/**
 * Tints what it holds for 600 ms when `value` changes, up or down. The element is recreated with each change, which
 * restarts the animation without a timer; where motion is not wanted, the style sheet does nothing.
 */
export function Tint({ value, children }: { value: number | null; children: ReactNode }) {
  const [seen, setSeen] = useState({ value, changes: 0, direction: 'none' });
  if (seen.value !== value) {
    const direction = seen.value === null || value === null ? 'none' : value > seen.value ? 'up' : 'down';
    setSeen({ value, changes: seen.changes + 1, direction });
  }
  return (
    <span key={seen.changes} className={styles.tint} data-changed={seen.changes > 0 ? seen.direction : undefined}>
      {children}
    </span>
  );
}
