import type { ReactNode } from 'react';
import { classNames } from './class-names.ts';
import styles from './small-multiple.module.css';

/** A value that holds from an instant until the next one, or for `step` at most; `null` where it is not known. */
interface SeriesPoint {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly value: number | null;
}

const width = 240;
const height = 28;

/**
 * One series over time, small, to stand above or beside others with the same time: an area in steps, with gaps where nothing
 * is known. What it shows is said in words.
 */
export function SmallMultiple({
  label,
  meaning,
  points,
  from,
  to,
  step,
  most,
  latest,
  said,
  tone = 'neutral',
}: {
  label: string;
  /** On hover. */
  meaning?: string;
  points: readonly SeriesPoint[];
  from: number;
  to: number;
  step: number;
  /** The value at the top. */
  most: number;
  /** What stands at the end. */
  latest: ReactNode;
  /** The series in words. */
  said: string;
  tone?: 'neutral' | 'well';
}) {
  const x = (at: number) => Math.max(0, Math.min(width, ((at - from) / (to - from)) * width));
  const y = (value: number) => height - Math.max(0, Math.min(1, most === 0 ? 0 : value / most)) * (height - 1);
  const known = points.flatMap(({ at, value }) => (value === null ? [] : [{ at, value }]));
  const path = known
    .map(({ at, value }, index) => {
      const next = known[index + 1]?.at;
      const end = Math.min(next ?? at + step, at + step);
      return `M${x(at).toFixed(1)} ${height}V${y(value).toFixed(1)}H${x(end).toFixed(1)}V${height}Z`;
    })
    .join('');
  return (
    <div className={styles.multiple} title={meaning}>
      <span className={styles.label}>{label}</span>
      <svg
        className={classNames(styles.chart, styles[tone])}
        viewBox={`0 0 ${width} ${height}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`${label}: ${said}`}
      >
        <path className={styles.base} d={`M0 ${height - 0.5}H${width}`} />
        <path d={path} />
      </svg>
      <span className={styles.latest}>{latest}</span>
    </div>
  );
}

/** The two ends of a time, below the small multiples that share it. */
export function TimeAxis({ from, to }: { from: string; to: string }) {
  return (
    <p className={styles.axis}>
      <span>{from}</span>
      <span>{to}</span>
    </p>
  );
}
