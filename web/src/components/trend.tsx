import type { SourceView } from '../../../core/contracts/http/operations.ts';
import { statusWords } from '../sources/status.ts';
import { formatExact } from '../text/format.ts';
import styles from './trend.module.css';

const hours = 24;
const days = 30;

/** A day that was well but for some minutes is not shown as failed: its worst is in words. */
const mostlyWell = 80;

/**
 * The last 24 hours of a source or of the installation, or 30 days, one bar each: as high as its score, in the colour of its status. An hour or day
 * without data is a dot on the base line, not a gap. `TrendKey` says what the colours mean.
 */
export function Trend({
  trend,
  by = 'hour',
  of,
}: {
  trend: SourceView['health']['trend'];
  by?: 'hour' | 'day';
  /** Whose it is, where that is not said beside it. */
  of?: string;
}) {
  const all = by === 'hour' ? hours : days;
  const shown = trend.slice(-all);
  const empty = all - shown.length;
  const words =
    shown.length === 0
      ? 'nothing known yet'
      : `${shown.filter((each) => each.status === 'healthy').length} of ${shown.length} known ${by}s healthy`;
  return (
    <svg
      className={styles.trend}
      viewBox={`0 0 ${all * 10 - 1} 28`}
      preserveAspectRatio="none"
      role="img"
      aria-label={`${of === undefined ? '' : `${of}, `}${of === undefined ? 'Last' : 'last'} ${all} ${by}s: ${words}`}
    >
      {Array.from({ length: empty }, (_, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: places on an axis
        <rect key={index} className={styles.none} x={index * 10} y="25" width="8" height="2" rx="1" />
      ))}
      {shown.map((each, index) => {
        const height = each.score === null ? 2 : 4 + (each.score / 100) * 22;
        return (
          <rect
            key={each.at}
            className={styles[by === 'day' ? dayColour(each) : each.status]}
            x={(empty + index) * 10}
            y={27 - height}
            width="8"
            height={height}
            rx="1"
          >
            <title>
              {by === 'hour' ? formatExact(Date.parse(each.at)) : each.at.slice(0, 10)}:{' '}
              {by === 'hour' ? '' : 'at worst '}
              {statusWords[each.status]}
              {each.score === null ? '' : `, ${by === 'hour' ? 'score' : 'mean score'} ${Math.round(each.score)}`}
            </title>
          </rect>
        );
      })}
    </svg>
  );
}

function dayColour({
  status,
  score,
}: SourceView['health']['trend'][number]): SourceView['health']['trend'][number]['status'] {
  return status === 'failed' && score !== null && score >= mostlyWell ? 'degraded' : status;
}

const colours = ['healthy', 'degraded', 'failed', 'limited', 'paused'] as const;

/** What the bars of a trend mean. */
export function TrendKey() {
  return (
    <ul className={styles.key} aria-label="Colours of the bars">
      {colours.map((colour) => (
        <li key={colour}>
          <svg viewBox="0 0 8 8" aria-hidden="true">
            <rect className={styles[colour]} width="8" height="8" rx="1" />
          </svg>
          {colour === 'paused' ? 'stopped or not known' : statusWords[colour]}
        </li>
      ))}
      <li>height: the score</li>
    </ul>
  );
}
