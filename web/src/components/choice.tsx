import type { ReactNode } from 'react';
import styles from './choice.module.css';

/** One of several, as a list that opens. `onPick` gets `undefined` for the first, empty option: no choice. */
export function Choice({
  label,
  value,
  options,
  onPick,
}: {
  label: string;
  value: string;
  options: readonly (readonly [value: string, text: string])[];
  onPick: (value: string | undefined) => void;
}) {
  return (
    <label className={styles.choice}>
      {label}
      <select value={value} onChange={({ target }) => onPick(target.value === '' ? undefined : target.value)}>
        {options.map(([one, text]) => (
          <option key={one} value={one}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}

/** Choices next to each other, above what they narrow. */
export function Choices({ children }: { children: ReactNode }) {
  return <div className={styles.choices}>{children}</div>;
}
