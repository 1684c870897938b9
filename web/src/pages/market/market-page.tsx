import { getRouteApi, Link } from '@tanstack/react-router';
import { ChartCandlestick, Download, Plus, SearchX } from 'lucide-react';
import { saveCsv } from '../../actions/download.ts';
import { addSymbol, maybeSymbol } from '../../actions/watch.ts';
import { clock } from '../../api/clock.ts';
import { quotesPath } from '../../api/market-queries.ts';
import { useRefusal } from '../../api/session.ts';
import { Button } from '../../components/button.tsx';
import { Moment } from '../../components/moment.tsx';
import { Empty, ErrorState, Loading, StaleNotice } from '../../components/states.tsx';
import { plural } from '../../text/format.ts';
import { useSettled } from '../../text/settled.ts';
import { Filters } from './filters.tsx';
import { useMarketList } from './market-list.ts';
import styles from './market-page.module.css';
import type { MarketSearch } from './market-search.ts';
import { MarketTable } from './market-table.tsx';

const route = getRouteApi('/market');

/** The market: consolidated quotes, sorted, filtered and counted by the API, those in view refetched every five seconds. */
export function MarketPage() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const text = useSettled(search.q?.trim() ?? '');
  const list = useMarketList(search, text);
  const { first, all } = list;
  const classes = (list.classes ?? []).flatMap(({ assetClass, instruments, watched }) => {
    const count = all ? instruments : watched;
    return count > 0 ? { assetClass, count } : [];
  });
  const whole = classes.reduce((sum, { count }) => sum + count, 0);
  const others = all
    ? 0
    : (list.classes ?? []).reduce((sum, { instruments, watched }) => sum + instruments - watched, 0);
  const filtered = text !== '' || search.class !== undefined || search.watch !== undefined;
  const read = !list.wait && (first.data !== undefined || search.watch === '1');

  const change = (part: MarketSearch) => {
    // The table knows where another list begins; the router would bring back where this one was.
    void navigate({ search: (before) => ({ ...before, ...part }), replace: true, resetScroll: false });
  };
  const save = () =>
    saveCsv('quotes.csv', (cursor) =>
      search.watch === '1'
        ? `/quotes?format=csv&symbols=${encodeURIComponent(list.pins.join())}`
        : quotesPath(list.listed, { format: 'csv', limit: '1000', ...(cursor === null ? {} : { cursor }) }),
    );

  return (
    <div className={styles.page}>
      <title>Market · Quotron</title>
      <div className={styles.head}>
        <h1>Market</h1>
        {read && list.counted && (
          <p className={styles.count}>
            {countInWords(list.count, filtered ? Math.max(whole, list.count) : list.count)}
          </p>
        )}
        {first.data && !first.isError && (
          <p className={styles.live} title="Refreshed every 5 s while this tab is visible">
            Checked <Moment at={clock.ofLocal(first.dataUpdatedAt)} />
          </p>
        )}
        {read && list.count > 0 && (
          <span className={styles.save}>
            <Button look="plain" icon={<Download aria-hidden="true" />} onClick={() => void save()}>
              CSV
            </Button>
          </span>
        )}
      </div>
      {!list.wait && list.classes && list.classes.length > 0 && (
        <Filters classes={classes} others={others} search={search} onChange={change} />
      )}
      {first.data && first.isError && (
        <StaleNotice
          since={first.dataUpdatedAt}
          error={first.error}
          retrying={first.isFetching}
          onRetry={() => first.refetch()}
        />
      )}
      {(list.wait ? [] : (first.data?.warnings ?? [])).map((warning) => (
        <p key={warning.code + warning.message} className={styles.warning}>
          {warning.message}
        </p>
      ))}
      {read && list.count > 0 && (
        <MarketTable
          list={list}
          order={JSON.stringify(list.listed)}
          search={search}
          watched={list.watched}
          onChange={change}
        />
      )}
      {read && list.count === 0 && !first.isPlaceholderData && (
        <NoRows none={list.classes?.length === 0} text={text} others={others} />
      )}
      {!read && (list.wait || first.isPending) && <Loading what="quotes" rows={12} />}
      {!read && !list.wait && first.isError && (
        <ErrorState what="the market" error={first.error} retrying={first.isFetching} onRetry={() => first.refetch()} />
      )}
    </div>
  );
}

function countInWords(shown: number, all: number): string {
  return shown === all ? plural(all, 'instrument') : `${shown} of ${plural(all, 'instrument')}`;
}

function NoRows({ none, text, others }: { none: boolean; text: string; others: number }) {
  const navigate = route.useNavigate();
  const refusal = useRefusal();
  if (none && text === '') {
    return (
      <Empty
        title="No prices yet"
        icon={<ChartCandlestick aria-hidden="true" />}
        action={<Link to="/sources">Go to the sources</Link>}
      >
        Every instrument with a price appears here. Prices arrive with a source’s first run: start a source, or press
        “Run now” on its card.
      </Empty>
    );
  }
  const symbol = text.trim().toUpperCase();
  return (
    <Empty
      title="No instrument matches"
      icon={<SearchX aria-hidden="true" />}
      action={
        <>
          {maybeSymbol(symbol) && (
            <Button
              look="primary"
              refusal={refusal}
              icon={<Plus aria-hidden="true" />}
              onClick={() =>
                void addSymbol(symbol, (added) => void navigate({ to: '/market/$symbol', params: { symbol: added } }))
              }
            >
              Collect {symbol}
            </Button>
          )}
          <Link to="/market" search={others > 0 ? { all: '1', q: text === '' ? undefined : text } : {}}>
            {others > 0 ? 'Look among the constituents too' : 'Show all instruments'}
          </Link>
        </>
      }
    >
      {maybeSymbol(symbol)
        ? 'Instruments with a price are found by symbol or name. A symbol that is not collected yet can be from now on; the sources say within seconds whether they know it.'
        : 'Only instruments with a price can be found here, by symbol or name.'}
    </Empty>
  );
}
