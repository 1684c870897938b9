import { useVirtualizer } from '@tanstack/react-virtual';
import { ArrowDown, ArrowUp } from 'lucide-react';
import { type KeyboardEvent, useEffect, useLayoutEffect, useRef, useState } from 'react';
import type { QuoteView } from '../../../../core/contracts/http/market.ts';
import { classNames } from '../../components/class-names.ts';
import { usePhone } from '../../layout/phone.ts';
import { Candidates, type Disputed } from './candidates.tsx';
import { type Column, columns } from './columns.ts';
import { type MarketSearch, sortOf } from './market-search.ts';
import styles from './market-table.module.css';
import { QuoteRow } from './quote-row.tsx';

const rowHeight = { desk: 34, phone: 58 };

/**
 * The market table; only visible rows are rendered. Keyboard: one tab stop, then arrows, Page Up and Down, Home and End;
 * Enter opens the instrument.
 */
export function MarketTable({
  rows,
  search,
  watched,
  onChange,
}: {
  rows: readonly QuoteView[];
  search: MarketSearch;
  watched: ReadonlySet<string>;
  onChange: (part: MarketSearch) => void;
}) {
  const scroller = useRef<HTMLDivElement>(null);
  const body = useRef<HTMLTableSectionElement>(null);
  const phone = usePhone();
  const height = phone ? rowHeight.phone : rowHeight.desk;
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => height,
    getItemKey: (index) => rows[index]?.instrument.symbol ?? index,
    overscan: 8,
  });
  useEffect(() => {
    if (height > 0) virtual.measure();
  }, [height, virtual]);

  const items = virtual.getVirtualItems();
  const [active, setActive] = useState(0);
  const [disputed, setDisputed] = useState<Disputed | null>(null);
  const focusNext = useRef<number | null>(null);
  // After every render: the row to focus may only just have been rendered.
  useEffect(() => {
    if (focusNext.current === null) return;
    const link = scroller.current?.querySelector<HTMLElement>(`[data-index="${focusNext.current}"] a`);
    if (!link) return;
    focusNext.current = null;
    link.focus({ preventScroll: true });
  });

  const keys = (event: KeyboardEvent) => {
    const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 0) / height) - 2);
    const steps = new Map(
      Object.entries({
        ArrowDown: active + 1,
        ArrowUp: active - 1,
        PageDown: active + page,
        PageUp: active - page,
        Home: 0,
        End: rows.length - 1,
      }),
    );
    const wanted = steps.get(event.key);
    if (wanted === undefined) return;
    event.preventDefault();
    const next = Math.max(0, Math.min(rows.length - 1, wanted));
    focusNext.current = next;
    setActive(next);
    virtual.scrollToIndex(next);
  };

  const first = items[0];
  const last = items.at(-1);
  const above = first?.start ?? 0;
  const below = virtual.getTotalSize() - (last?.end ?? 0);
  // The height of the rows out of view. Set on the element, because the content security policy refuses inline styles.
  useLayoutEffect(() => {
    if (!body.current) return;
    body.current.style.paddingTop = `${above}px`;
    body.current.style.paddingBottom = `${below}px`;
  }, [above, below]);
  // The tab key must find a row even when the active one is scrolled out of view.
  const stop = items.some((item) => item.index === active) ? active : (first?.index ?? 0);

  return (
    <div ref={scroller} className={styles.scroller}>
      <table
        className={styles.table}
        aria-label="Quotes"
        aria-rowcount={rows.length + 1}
        aria-colcount={columns.length}
      >
        <thead className={styles.header}>
          <tr aria-rowindex={1} className={styles.row}>
            {columns.map((column) => (
              <Header key={column.id} column={column} search={search} onSort={(sort) => onChange({ sort })} />
            ))}
          </tr>
        </thead>
        <tbody ref={body} className={styles.body} onKeyDown={keys}>
          {items.map((item) => {
            const quote = rows[item.index];
            return (
              quote && (
                <QuoteRow
                  key={item.key}
                  quote={quote}
                  index={item.index}
                  tabStop={item.index === stop}
                  watched={watched.has(quote.instrument.symbol)}
                  onActive={setActive}
                  onDisputed={setDisputed}
                />
              )
            );
          })}
        </tbody>
      </table>
      {disputed && <Candidates disputed={disputed} onClose={() => setDisputed(null)} />}
    </div>
  );
}

function Header({ column, search, onSort }: { column: Column; search: MarketSearch; onSort: (sort: string) => void }) {
  const { id, title, first, numeric } = column;
  const className = classNames(styles[id], numeric && styles.numeric);
  if (first === undefined)
    return <th scope="col" className={className} aria-label={id === 'star' ? 'Watchlist' : 'Currency'} />;
  const sort = sortOf(search.sort) ?? { key: 'symbol', descending: false };
  const sorted = sort.key === id ? (sort.descending ? 'descending' : 'ascending') : undefined;
  const next = (sorted ?? (first === 'descending' ? 'ascending' : 'descending')) === 'ascending' ? `-${id}` : id;
  return (
    <th scope="col" className={className} aria-sort={sorted}>
      <button type="button" className={styles.sort} onClick={() => onSort(next)}>
        {title}
        {sorted === 'ascending' && <ArrowUp aria-hidden="true" />}
        {sorted === 'descending' && <ArrowDown aria-hidden="true" />}
      </button>
    </th>
  );
}
