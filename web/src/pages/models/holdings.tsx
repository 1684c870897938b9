import { Link } from '@tanstack/react-router';
import type { ModelHolding, ModelView } from '../../../../core/contracts/http/models.ts';
import { classNames } from '../../components/class-names.ts';
import { Figure, Percent } from '../../components/figures.tsx';
import { Moment } from '../../components/moment.tsx';
import tables from '../../components/table.module.css';
import { decimalsOf, formatPrice, formatShare, missing } from '../../text/format.ts';
import { gapWords } from './day-value.tsx';
import styles from './models.module.css';

/** The holdings in the order of the model, with their price and what each adds to the change of the day. */
export function Holdings({ model: { holdings } }: { model: ModelView }) {
  return (
    <div className={tables.scroller}>
      <table className={tables.table}>
        <thead>
          <tr>
            <th>Symbol</th>
            <th>Name</th>
            <th className={tables.numeric}>Weight</th>
            <th className={tables.numeric}>Price</th>
            <th className={tables.numeric}>Change</th>
            <th className={tables.numeric}>Adds</th>
            <th>Sector</th>
            <th>Source</th>
            <th>Price of</th>
          </tr>
        </thead>
        <tbody>
          {holdings.map((holding) => (
            <Row key={holding.symbol} holding={holding} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Row({ holding }: { holding: ModelHolding }) {
  const { symbol, name, weight, price, currency, changeFraction, contribution, sector, source, asOf, stale, gap } =
    holding;
  return (
    <tr className={classNames(stale && styles.stale, gap !== null && styles.gap)}>
      <th scope="row">
        <Link to="/market/$symbol" params={{ symbol }}>
          {symbol}
        </Link>
      </th>
      <td className={styles.name} title={name ?? undefined}>
        {gap === null || price !== null ? <bdi>{name ?? missing}</bdi> : gapWords[gap]}
      </td>
      <td className={tables.numeric}>{formatShare(weight)}</td>
      <td className={tables.numeric}>
        <Figure text={formatPrice(price, decimalsOf([price]))} /> <span className={styles.currency}>{currency}</span>
      </td>
      <td className={tables.numeric}>
        <Percent value={changeFraction} />
      </td>
      <td className={tables.numeric}>
        <Percent value={contribution} />
      </td>
      <td>
        <bdi>{sector ?? missing}</bdi>
      </td>
      <td>{source ?? missing}</td>
      <td>
        {asOf === null ? missing : <Moment at={asOf} />}
        {stale && ' (stale)'}
      </td>
    </tr>
  );
}
