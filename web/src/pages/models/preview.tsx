import type { ModelPreview } from '../../../../core/contracts/http/models.ts';
import { modelFaultWords } from '../../../../core/contracts/words/model-faults.ts';
import { classNames } from '../../components/class-names.ts';
import tables from '../../components/table.module.css';
import { formatShare, missing, plural } from '../../text/format.ts';
import styles from './import-model.module.css';
import { isWhole } from './weights.ts';

/** Of a long model the first are enough to see whether it is read as it was meant. */
const shownAtMost = 40;

/** How a model would be read: what is wrong by line, what nobody knows, and the holdings. */
export function Preview({ preview, waiting }: { preview: ModelPreview; waiting: boolean }) {
  const { faults, holdings, unit, weightSum, ignoredColumns } = preview;
  const unknown = holdings.filter(({ known }) => !known);
  return (
    <div className={classNames(styles.preview, waiting && styles.waiting)}>
      {faults.length > 0 && (
        <ul className={styles.faults} aria-label="What is wrong">
          {faults.map(({ line, code, given }) => (
            <li key={`${line} ${code}`} className={styles.wrong}>
              {line !== null && <strong>Line {line}: </strong>}
              {modelFaultWords[code]}
              {given !== '' && (
                <>
                  {' '}
                  <code>{given}</code>
                </>
              )}
            </li>
          ))}
        </ul>
      )}
      {holdings.length > 0 && (
        <p className={styles.hint}>
          {plural(holdings.length, 'holding')}
          {unit !== null &&
            `, weights read as ${unit === 'percent' ? 'percent' : 'fractions'}, ${formatShare(weightSum)} in all`}
          {unit !== null && !isWhole(weightSum) && <strong className={styles.odd}> (not 100 %)</strong>}.
          {ignoredColumns.length > 0 && ` Columns that are not read: ${ignoredColumns.join(', ')}.`}
        </p>
      )}
      {unknown.length > 0 && (
        <p className={styles.odd}>
          Nobody here knows{' '}
          {unknown
            .map(({ symbol, near }) => (near.length > 0 ? `${symbol} (${near.join(' or ')}?)` : symbol))
            .join(', ')}{' '}
          yet. The model can be stored, and has no value until {unknown.length === 1 ? 'it has' : 'they have'} a price.
        </p>
      )}
      {holdings.length > 0 && (
        <div className={styles.rows}>
          <table className={tables.table} aria-label="Holdings as they are read">
            <thead>
              <tr>
                <th className={tables.numeric}>Line</th>
                <th>Symbol</th>
                <th className={tables.numeric}>Weight</th>
                <th>Name</th>
                <th>Sector</th>
              </tr>
            </thead>
            <tbody>
              {holdings.slice(0, shownAtMost).map(({ line, symbol, weight, name, known, sector }) => (
                <tr key={line}>
                  <td className={tables.numeric}>{line}</td>
                  <th scope="row">{symbol}</th>
                  <td className={tables.numeric}>{unit === null ? missing : formatShare(weight)}</td>
                  <td className={known ? undefined : styles.odd}>
                    <bdi>{known ? (name ?? missing) : 'not known'}</bdi>
                  </td>
                  <td>
                    <bdi>{sector ?? missing}</bdi>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
          {holdings.length > shownAtMost && (
            <p className={styles.hint}>And {plural(holdings.length - shownAtMost, 'more holding')}.</p>
          )}
        </div>
      )}
    </div>
  );
}
