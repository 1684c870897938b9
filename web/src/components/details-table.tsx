import { type ReactNode, useState } from 'react';
import styles from './table.module.css';

/** The figures of a chart as a table, which is drawn once it is opened. */
export function DetailsTable({
  columns,
  rows,
}: {
  columns: readonly string[];
  rows: () => readonly (readonly ReactNode[])[];
}) {
  const [open, setOpen] = useState(false);
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>As a table</summary>
      {open && (
        <div className={styles.scroller}>
          <table className={styles.table}>
            <thead>
              <tr>
                {columns.map((column, index) => (
                  <th key={column} scope="col" className={index === 0 ? undefined : styles.numeric}>
                    {column}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {rows().map(([first, ...others], index) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: rows are of one moment
                <tr key={index}>
                  <th scope="row">{first}</th>
                  {others.map((cell, at) => (
                    <td key={columns[at + 1]} className={styles.numeric}>
                      {cell}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </details>
  );
}
