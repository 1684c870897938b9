import { statusWords } from '../sources/status.ts';
import { hoursKnown, hoursOfWeek, type Span, type Week, weekInWords } from '../sources/week.ts';
import { formatExact } from '../text/format.ts';
import styles from './trend.module.css';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/**
 * Seven days by the hour in one line, in the colours of `Trend`: an unknown hour is as pale as the line
 * itself. A notch is a midnight of UTC.
 */
export function WeekStrip({ week }: { week: Week }) {
  const { known, healthy } = hoursKnown(week);
  const words = known === 0 ? 'nothing known yet' : `${healthy} of ${known} known hours healthy; ${weekInWords(week)}`;
  const place = (at: number) => (at - week.from) / hourMs;
  const midnight = Math.ceil(week.from / dayMs) * dayMs;
  return (
    <svg
      className={styles.week}
      viewBox={`0 0 ${hoursOfWeek} 10`}
      preserveAspectRatio="none"
      role="img"
      aria-label={`Last 7 days by the hour: ${words}`}
    >
      <rect className={styles.none} width={hoursOfWeek} height="10" />
      {week.spans.map((span) => (
        <rect
          key={span.from}
          className={styles[span.status]}
          x={place(span.from)}
          width={place(span.to) - place(span.from)}
          height="10"
        >
          <title>{spanInWords(span)}</title>
        </rect>
      ))}
      {Array.from({ length: 7 }, (_, day) => place(midnight + day * dayMs))
        .filter((x) => x > 0)
        .map((x) => (
          <rect key={x} className={styles.notch} x={x - 0.25} width="0.5" height="10" />
        ))}
    </svg>
  );
}

function spanInWords({ from, to, status, lowest }: Span): string {
  const [begin, end] = [from, to].map((at) => formatExact(at).slice(0, 16));
  return `${begin} to ${end} UTC: ${statusWords[status]}${lowest === null ? '' : `, lowest score ${Math.round(lowest)}`}`;
}
