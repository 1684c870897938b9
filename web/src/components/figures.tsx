import { type DecimalValue, directionOf, formatChange, formatFraction, missing } from '../text/format.ts';
import { classNames } from './class-names.ts';
import styles from './figures.module.css';

const signs = { up: '▲', down: '▼', flat: '', none: '' } as const;

/** A change in price, signed and coloured. */
export function Change({ value, decimals }: { value: DecimalValue; decimals: number }) {
  const direction = directionOf(value, decimals);
  return <span className={classNames(styles.figure, styles[direction])}>{formatChange(value, decimals)}</span>;
}

/** A change as percent with its arrow: seen without colour, heard without either. */
export function Percent({ value }: { value: DecimalValue }) {
  const direction = directionOf(value, 4);
  return (
    <span className={classNames(styles.figure, styles[direction])} data-direction={direction}>
      <span aria-hidden="true" className={styles.sign}>
        {signs[direction]}
      </span>
      {formatFraction(value)}
    </span>
  );
}

/** A figure in a cell. What is missing steps back, so that the eye goes to what is there. */
export function Figure({ text }: { text: string }) {
  return <span className={text === missing ? styles.none : undefined}>{text}</span>;
}
