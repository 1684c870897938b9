import { Link } from '@tanstack/react-router';
import type { ModelView } from '../../../../core/contracts/http/models.ts';
import { classNames } from '../../components/class-names.ts';
import { Figure, Percent } from '../../components/figures.tsx';
import { Moment } from '../../components/moment.tsx';
import { Records } from '../../components/records.tsx';
import { decimalsOf, formatPrice, formatShare, missing } from '../../text/format.ts';
import { gapWords } from './day-value.tsx';
import styles from './models.module.css';

/** The holdings in the order of the model, with their price and what each adds to the change of the day. */
export function Holdings({ model: { holdings } }: { model: ModelView }) {
  return (
    <Records
      rows={holdings}
      keyOf={({ symbol }) => symbol}
      look={({ stale, gap }) => ({ className: classNames(stale && styles.stale, gap !== null && styles.gap) })}
      columns={[
        {
          title: 'Symbol',
          cell: ({ symbol }) => (
            <Link to="/market/$symbol" params={{ symbol }}>
              {symbol}
            </Link>
          ),
        },
        {
          title: 'Name',
          className: styles.name,
          cell: ({ name, gap, price }) =>
            gap === null || price !== null ? <bdi title={name ?? undefined}>{name ?? missing}</bdi> : gapWords[gap],
        },
        { title: 'Weight', kind: 'numeric', cell: ({ weight }) => formatShare(weight) },
        {
          title: 'Price',
          kind: 'numeric',
          cell: ({ price, currency }) => (
            <>
              <Figure text={formatPrice(price, decimalsOf([price]))} />{' '}
              <span className={styles.currency}>{currency}</span>
            </>
          ),
        },
        { title: 'Change', kind: 'numeric', cell: ({ changeFraction }) => <Percent value={changeFraction} /> },
        { title: 'Adds', kind: 'numeric', cell: ({ contribution }) => <Percent value={contribution} /> },
        { title: 'Sector', cell: ({ sector }) => <bdi>{sector ?? missing}</bdi> },
        { title: 'Source', cell: ({ source }) => source ?? missing },
        {
          title: 'Price of',
          cell: ({ asOf, stale }) => (
            <>
              {asOf === null ? missing : <Moment at={asOf} />}
              {stale && ' (stale)'}
            </>
          ),
        },
      ]}
    />
  );
}
