import { useVirtualizer } from '@tanstack/react-virtual';
import { ArrowDown, ArrowUp } from 'lucide-react';
import { type KeyboardEvent, useEffect, useLayoutEffect, useRef, useState } from 'react';
import { classNames } from '../../components/class-names.ts';
import { usePhone } from '../../layout/phone.ts';
import { Candidates, type Disputed } from './candidates.tsx';
import { type Column, columns } from './columns.ts';
import type { MarketList } from './market-list.ts';
import { type MarketSearch, sortOf } from './market-search.ts';
import styles from './market-table.module.css';
import { QuoteRow, WaitingRow } from './quote-row.tsx';

const rowHeight = { desk: 34, phone: 58 };

/**
 * The market table; only visible rows are rendered, and only the pages that are looked at are asked for. Keyboard: one tab
 * stop, then arrows, Page Up and Down, Home and End; Enter opens the instrument.
 */
export function MarketTable({
  list,
  order,
  search,
  watched,
  onChange,
}: {
  list: Pick<MarketList, 'count' | 'counted' | 'rowAt' | 'lineOf' | 'look'>;
  /** Another one begins at its top. */
  order: string;
  search: MarketSearch;
  watched: ReadonlySet<string>;
  onChange: (part: MarketSearch) => void;
}) {
  const scroller = useRef<HTMLDivElement>(null);
  const body = useRef<HTMLTableSectionElement>(null);
  const phone = usePhone();
  const height = phone ? rowHeight.phone : rowHeight.desk;
  const [active, setActive] = useState(0);
  const { count, counted, rowAt, lineOf, look } = list;
  const virtual = useVirtualizer({
    count,
    getScrollElement: () => scroller.current,
    estimateSize: () => height,
    overscan: 8,
  });
  useEffect(() => {
    if (height > 0) virtual.measure();
  }, [height, virtual]);

  const ordered = useRef(order);
  useEffect(() => {
    if (ordered.current === order) return;
    ordered.current = order;
    setActive(0);
    virtual.scrollToOffset(0);
  }, [order, virtual]);

  const items = virtual.getVirtualItems();
  const [from, to] = [items[0]?.index ?? 0, items.at(-1)?.index ?? 0];
  useEffect(() => look(from, to), [look, from, to]);
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
        End: count - 1,
      }),
    );
    const wanted = steps.get(event.key);
    if (wanted === undefined) return;
    event.preventDefault();
    const next = Math.max(0, Math.min(count - 1, wanted));
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
  const shown = new Set<string>();
  // The tab key must find a row even when the active one is scrolled out of view.
  const stop = items.some((item) => item.index === active) ? active : (first?.index ?? 0);

  return (
    <div ref={scroller} className={styles.scroller}>
      <table
        className={styles.table}
        aria-label="Quotes"
        aria-rowcount={counted ? count + 1 : -1}
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
          {items.map(({ index }) => {
            const quote = rowAt(index);
            if (quote === undefined) return <WaitingRow key={index} index={index} />;
            const { symbol } = quote.instrument;
            // A price that moved between two pages may stand on both.
            const twice = shown.has(symbol);
            shown.add(symbol);
            return (
              <QuoteRow
                key={twice ? index : symbol}
                quote={quote}
                index={index}
                tabStop={index === stop}
                watched={watched.has(symbol)}
                line={lineOf(symbol)}
                onActive={setActive}
                onDisputed={setDisputed}
              />
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
    return (
      <th
        scope="col"
        className={className}
        aria-label={title === '' ? (id === 'star' ? 'Watchlist' : 'Currency') : undefined}
      >
        {title}
      </th>
    );
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
