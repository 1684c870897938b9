import styles from './bar.module.css';
import { classNames } from './class-names.ts';

/** How much of a limit is used, as a bar and in figures. Warns from 80 %, alarms when it is full. */
export function QuotaBar({ label, used, limit }: { label: string; used: number; limit: number }) {
  const share = limit > 0 ? Math.min(1, used / limit) : 0;
  return (
    <div className={styles.quota}>
      <span className={styles.label}>{label}</span>
      <svg
        className={classNames(styles.bar, share >= 1 ? styles.full : share >= 0.8 ? styles.high : null)}
        viewBox="0 0 100 4"
        preserveAspectRatio="none"
        role="img"
        aria-label={`${used} of ${limit} used`}
      >
        <rect className={styles.track} width="100" height="4" rx="2" />
        <rect className={styles.used} width={share * 100} height="4" rx="2" />
      </svg>
      <span className={styles.figures}>
        {used.toLocaleString('en-US')} / {limit.toLocaleString('en-US')}
      </span>
    </div>
  );
}
