import type { ModelView } from '../../../../core/contracts/http/models.ts';
import { Percent } from '../../components/figures.tsx';
import { Records } from '../../components/records.tsx';
import { formatShare, numberOf } from '../../text/format.ts';
import styles from './models.module.css';

/** The allocation by sector: bars as long as the weights, on one scale, with their figures beside them. */
export function Sectors({ model: { sectors } }: { model: ModelView }) {
  const most = Math.max(...sectors.map(({ weight }) => numberOf(weight) ?? 0), 0.000_001);
  return (
    <Records
      name="Weight of each sector, and what it adds to the change of the day"
      rows={sectors}
      keyOf={({ sector }) => sector ?? ''}
      look={({ sector }) => ({ className: sector === null ? styles.unknown : undefined })}
      columns={[
        { title: 'Sector', cell: ({ sector }) => <bdi>{sector ?? 'Not known'}</bdi> },
        {
          title: 'Weight',
          className: styles.weight,
          cell: ({ sector, weight }) => (
            <>
              <svg className={styles.sector} viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
                <rect
                  className={sector === null ? styles.unnamed : styles.named}
                  width={((numberOf(weight) ?? 0) / most) * 100}
                  height="10"
                />
              </svg>
              <span>{formatShare(weight)}</span>
            </>
          ),
        },
        { title: 'Adds', kind: 'numeric', cell: ({ contribution }) => <Percent value={contribution} /> },
        {
          title: 'Holdings',
          kind: 'numeric',
          cell: ({ holdings }) => <span title={holdings.join(', ')}>{holdings.length}</span>,
        },
      ]}
    />
  );
}
