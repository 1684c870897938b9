import type { ReactNode } from 'react';
import { classNames } from './class-names.ts';
import styles from './table.module.css';

interface Column<T> {
  readonly title: string;
  readonly cell: (row: T) => ReactNode;
  /** Figures, which stand at the right; or buttons, which need no title where a record stands by itself. */
  readonly kind?: 'numeric' | 'actions';
  readonly className?: string | undefined;
}

/**
 * A table of records: the first column names each. On a phone, where the columns would not fit beside each other, each record stands
 * by itself, with the titles at its values.
 */
export function Records<T>({
  rows,
  keyOf,
  columns: [first, ...others],
  look,
  name,
  groupOf,
}: {
  rows: readonly T[];
  keyOf: (row: T) => string;
  columns: readonly [Column<T>, ...Column<T>[]];
  /** What the table is called, where its heading does not say it. */
  name?: string;
  look?: (row: T) => { readonly className?: string | undefined; readonly 'data-selected'?: true | undefined };
  /** The group that a row belongs to, by its title. Groups stand in the order of their first rows. */
  groupOf?: (row: T) => string;
}) {
  return (
    <div className={styles.scroller}>
      <table className={classNames(styles.table, styles.records)} aria-label={name}>
        <thead>
          <tr>
            {[first, ...others].map(({ title, kind }) => (
              <th key={title} scope="col" className={kind && styles[kind]}>
                {title}
              </th>
            ))}
          </tr>
        </thead>
        {[...Map.groupBy(rows, (row) => groupOf?.(row))].map(([group, members]) => (
          <tbody key={group ?? ''}>
            {group !== undefined && (
              <tr>
                <th scope="rowgroup" colSpan={others.length + 1} className={styles.group}>
                  {group}
                </th>
              </tr>
            )}
            {members.map((row) => (
              <tr key={keyOf(row)} {...look?.(row)}>
                <th scope="row" className={first.className}>
                  {first.cell(row)}
                </th>
                {others.map(({ title, cell, kind, className }) => (
                  <td key={title} data-title={title} className={classNames(kind && styles[kind], className)}>
                    {cell(row)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        ))}
      </table>
    </div>
  );
}
