import { memo } from 'react';
import type { SparklineView } from '../../../../core/contracts/http/market.ts';
import { type DecimalValue, directionOf, formatPrice, missing, numberOf } from '../../text/format.ts';
import styles from './sparkline.module.css';

const width = 96;
const height = 24;
const edge = 2;

/**
 * The last session of an instrument as a small line, on the dotted level of the previous close. Until the session is over the
 * line ends where the day stands. What it shows is said in words to who does not see it.
 */
export const Sparkline = memo(function Sparkline({
  line,
  previousClose,
  decimals,
}: {
  line: SparklineView | undefined;
  previousClose: DecimalValue;
  decimals: number;
}) {
  const prices = (line?.prices ?? []).map(numberOf);
  const known = prices.filter((price) => price !== null);
  const [first, last] = [known[0], known.at(-1)];
  if (first === undefined || last === undefined || known.length < 2)
    return <span className={styles.none}>{missing}</span>;
  const before = numberOf(previousClose);
  const [low, high] = [Math.min(...known), Math.max(...known)];
  const [bottom, top] = before === null ? [low, high] : [Math.min(low, before), Math.max(high, before)];
  const y = (price: number) =>
    top === bottom ? height / 2 : edge + ((top - price) / (top - bottom)) * (height - 2 * edge);
  const step = width / Math.max(1, prices.length - 1);
  const path = prices
    .flatMap((price, index) => (price === null ? [] : `${(index * step).toFixed(1)} ${y(price).toFixed(1)}`))
    .join('L');
  const said = [first, low, high, last].map((price) => formatPrice(price, decimals));
  return (
    <svg
      className={styles.line}
      viewBox={`0 0 ${width} ${height}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={`Last session: from ${said[0]} to ${said[3]}, low ${said[1]}, high ${said[2]}`}
      data-trend={directionOf(before === null ? last - first : last - before, decimals)}
    >
      {before !== null && <path className={styles.level} d={`M0 ${y(before).toFixed(1)}H${width}`} />}
      <path className={styles.path} d={`M${path}`} />
    </svg>
  );
});
