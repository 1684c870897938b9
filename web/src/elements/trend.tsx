import type { SourceView } from '../../../core/contracts/http/operations.ts';
import { formatExact } from '../format.ts';
import { statusWords } from '../status.ts';
import styles from './trend.module.css';

const hours = 24;

/**
 * A source's last 24 hours, one bar each: as high as its score, in the colour of its status. An hour of which nothing
 * is known is a dot on the base line, not a gap.
 */
export function Trend({ trend }: { trend: SourceView['health']['trend'] }) {
  const shown = trend.slice(-hours);
  const empty = hours - shown.length;
  const words =
    shown.length === 0
      ? 'nothing known yet'
      : `${shown.filter((hour) => hour.status === 'healthy').length} of ${shown.length} known hours healthy`;
  return (
    <svg
      className={styles.trend}
      viewBox="0 0 239 28"
      preserveAspectRatio="none"
      role="img"
      aria-label={`Last 24 hours: ${words}`}
    >
      {Array.from({ length: empty }, (_, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: places on an axis
        <rect key={index} className={styles.none} x={index * 10} y="25" width="8" height="2" rx="1" />
      ))}
      {shown.map((hour, index) => {
        const height = hour.score === null ? 2 : 4 + (hour.score / 100) * 22;
        return (
          <rect
            key={hour.at}
            className={styles[hour.status]}
            x={(empty + index) * 10}
            y={27 - height}
            width="8"
            height={height}
            rx="1"
          >
            <title>
              {formatExact(Date.parse(hour.at))}: {statusWords[hour.status]}
              {hour.score === null ? '' : `, score ${Math.round(hour.score)}`}
            </title>
          </rect>
        );
      })}
    </svg>
  );
}
