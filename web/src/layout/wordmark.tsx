import styles from './wordmark.module.css';

/** The name with its mark: a price on its way up from a base line. */
export function Wordmark() {
  return (
    <span className={styles.wordmark}>
      <svg viewBox="0 0 24 24" aria-hidden="true">
        <path
          d="M3.5 15.5l5-6 4.5 4 7.5-8.5"
          fill="none"
          strokeWidth="2.6"
          strokeLinecap="round"
          strokeLinejoin="round"
        />
        <path className={styles.base} d="M3.5 20.5h17" strokeWidth="1.8" strokeLinecap="round" />
      </svg>
      Quotron
    </span>
  );
}
