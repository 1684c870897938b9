import { Search, Star } from 'lucide-react';
import { type ReactNode, useEffect, useRef } from 'react';
import type { AssetClassView } from '../../../../core/contracts/http/market.ts';
import { columns } from './columns.ts';
import styles from './filters.module.css';
import type { MarketSearch } from './market-search.ts';

type AssetClass = AssetClassView['assetClass'];

const classTitles: Record<AssetClass, string> = {
  equity: 'Equities',
  etf: 'ETFs',
  fund: 'Funds',
  index: 'Indices',
  crypto: 'Crypto',
  fx: 'Currencies',
  future: 'Futures',
  option: 'Options',
  other: 'Other',
};

/** The filters of the table: text (focused by `/`), class, watchlist; on a phone also the order. */
export function Filters({
  classes,
  others,
  search,
  onChange,
}: {
  /** The classes there are, with how many instruments of each are listed. */
  classes: readonly { readonly assetClass: AssetClass; readonly count: number }[];
  /** Instruments that are left out because nobody asked for them. */
  others: number;
  search: MarketSearch;
  onChange: (part: MarketSearch) => void;
}) {
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const focus = (event: KeyboardEvent) => {
      if (event.key !== '/' || event.metaKey || event.ctrlKey || isTyping(event.target)) return;
      event.preventDefault();
      field.current?.focus();
    };
    addEventListener('keydown', focus);
    return () => removeEventListener('keydown', focus);
  }, []);

  return (
    <div className={styles.filters}>
      <label className={styles.text}>
        <Search aria-hidden="true" />
        <input
          ref={field}
          type="search"
          aria-label="Filter by symbol or name"
          placeholder="Filter by symbol or name"
          maxLength={60}
          value={search.q ?? ''}
          onChange={(event) => onChange({ q: event.target.value || undefined })}
          onKeyDown={(event) => {
            if (event.key === 'Escape') onChange({ q: undefined });
          }}
        />
      </label>
      <fieldset className={styles.chips}>
        <legend>Class</legend>
        <Chip pressed={search.class === undefined} onPress={() => onChange({ class: undefined })}>
          All
        </Chip>
        {classes.map(({ assetClass, count }) => (
          <Chip
            key={assetClass}
            pressed={search.class === assetClass}
            onPress={() => onChange({ class: search.class === assetClass ? undefined : assetClass })}
          >
            {classTitles[assetClass]} <span className={styles.number}>{count}</span>
          </Chip>
        ))}
        <Chip pressed={search.watch === '1'} onPress={() => onChange({ watch: search.watch ? undefined : '1' })}>
          <Star aria-hidden="true" /> Watchlist
        </Chip>
        {(others > 0 || search.all === '1') && (
          <Chip pressed={search.all === '1'} onPress={() => onChange({ all: search.all ? undefined : '1' })}>
            Constituents too {others > 0 && <span className={styles.number}>{others}</span>}
          </Chip>
        )}
      </fieldset>
      <label className={styles.order}>
        Sort by
        <select value={search.sort ?? 'symbol'} onChange={(event) => onChange({ sort: event.target.value })}>
          {columns.map(
            ({ id, first, order }) =>
              order !== undefined && (
                <option key={id} value={first === 'descending' ? `-${id}` : id}>
                  {order}
                </option>
              ),
          )}
          <option value="percent">Losers</option>
        </select>
      </label>
    </div>
  );
}

function Chip({ pressed, onPress, children }: { pressed: boolean; onPress: () => void; children: ReactNode }) {
  return (
    <button type="button" className={styles.chip} aria-pressed={pressed} onClick={onPress}>
      {children}
    </button>
  );
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest('input, textarea, select, [contenteditable]') !== null;
}
