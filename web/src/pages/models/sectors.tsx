import { useId } from 'react';
import type { ModelView } from '../../../../core/contracts/http/models.ts';
import { Percent } from '../../components/figures.tsx';
import tables from '../../components/table.module.css';
import { formatShare, numberOf } from '../../text/format.ts';
import styles from './models.module.css';

/** The allocation by sector: bars as long as the weights, on one scale, with their figures beside them. */
export function Sectors({ model: { sectors } }: { model: ModelView }) {
  const titleId = useId();
  const most = Math.max(...sectors.map(({ weight }) => numberOf(weight) ?? 0), 0.000_001);
  return (
    <div className={tables.scroller}>
      <table className={tables.table} aria-describedby={titleId}>
        <caption id={titleId} className={styles.unseen}>
          Weight of each sector, and what it adds to the change of the day
        </caption>
        <thead>
          <tr>
            <th>Sector</th>
            <th colSpan={2}>Weight</th>
            <th className={tables.numeric}>Adds</th>
            <th className={tables.numeric}>Holdings</th>
          </tr>
        </thead>
        <tbody>
          {sectors.map(({ sector, weight, holdings, contribution }) => (
            <tr key={sector ?? ''}>
              <th scope="row" className={sector === null ? styles.unknown : undefined}>
                <bdi>{sector ?? 'Not known'}</bdi>
              </th>
              <td className={tables.numeric}>{formatShare(weight)}</td>
              <td className={styles.barCell}>
                <svg className={styles.sector} viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
                  <rect
                    className={sector === null ? styles.unnamed : styles.named}
                    width={((numberOf(weight) ?? 0) / most) * 100}
                    height="10"
                  />
                </svg>
              </td>
              <td className={tables.numeric}>
                <Percent value={contribution} />
              </td>
              <td className={tables.numeric} title={holdings.join(', ')}>
                {holdings.length}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
