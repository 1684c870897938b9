import type { ReactNode } from 'react';
import type { HealthStatus } from '../../../core/contracts/words/health-status.ts';
import { classNames } from './class-names.ts';
import styles from './status-disc.module.css';

/**
 * A status as a disc: filled, half, crossed or dotted, hollow with bars for paused, dashed for unknown. Its shape says
 * it without its colour; the word beside it says it without its shape.
 */
export function StatusDisc({ status, className }: { status: HealthStatus; className?: string | undefined }) {
  return (
    <svg className={classNames(styles.disc, styles[status], className)} viewBox="0 0 16 16" aria-hidden="true">
      {shapes[status]}
    </svg>
  );
}

const shapes: Record<HealthStatus, ReactNode> = {
  healthy: <circle cx="8" cy="8" r="5.5" fill="currentColor" />,
  degraded: (
    <>
      <circle cx="8" cy="8" r="5" fill="none" stroke="currentColor" strokeWidth="1.5" />
      <path d="M8 3a5 5 0 0 1 0 10z" fill="currentColor" />
    </>
  ),
  failed: (
    <>
      <circle cx="8" cy="8" r="6" fill="currentColor" />
      <path
        className={styles.cut}
        d="M5.8 5.8l4.4 4.4M10.2 5.8l-4.4 4.4"
        fill="none"
        strokeWidth="1.6"
        strokeLinecap="round"
      />
    </>
  ),
  limited: (
    <>
      <circle
        cx="8"
        cy="8"
        r="5"
        fill="none"
        stroke="currentColor"
        strokeWidth="1.8"
        strokeDasharray="0.1 3.04"
        strokeLinecap="round"
      />
      <circle cx="8" cy="8" r="1.6" fill="currentColor" />
    </>
  ),
  paused: (
    <>
      <circle cx="8" cy="8" r="5.5" fill="none" stroke="currentColor" strokeWidth="1.3" />
      <path d="M6.6 6v4M9.4 6v4" stroke="currentColor" strokeWidth="1.4" strokeLinecap="round" />
    </>
  ),
  unknown: <circle cx="8" cy="8" r="5" fill="none" stroke="currentColor" strokeWidth="1.3" strokeDasharray="2.6 2.6" />,
};
