import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { ChartCandlestick, Plus, SearchX } from 'lucide-react';
import { useMemo } from 'react';
import { addSymbol, maybeSymbol } from '../../actions/watch.ts';
import { clock } from '../../api/clock.ts';
import { quotesQuery, watchQuery } from '../../api/queries.ts';
import { useRefusal } from '../../api/session.ts';
import { Button } from '../../components/button.tsx';
import { Moment } from '../../components/moment.tsx';
import { Empty, ErrorState, Loading, StaleNotice } from '../../components/states.tsx';
import { useWatchlist } from '../../market/watchlist.ts';
import { plural } from '../../text/format.ts';
import { Filters } from './filters.tsx';
import styles from './market-page.module.css';
import { marketRows } from './market-rows.ts';
import type { MarketSearch } from './market-search.ts';
import { MarketTable } from './market-table.tsx';

const route = getRouteApi('/market');

/** The market: every instrument's consolidated quote, refetched every five seconds while visible. */
export function MarketPage() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const watched = useWatchlist();
  const market = useQuery(quotesQuery);
  const collected = useQuery(watchQuery).data;
  const every = market.data?.quotes;
  const quotes = useMemo(
    () =>
      search.all === '1' || collected === undefined || collected.size === 0
        ? every
        : every?.filter(({ instrument }) => collected.has(instrument.symbol) || watched.has(instrument.symbol)),
    [every, collected, watched, search.all],
  );
  const others = (every?.length ?? 0) - (quotes?.length ?? 0);
  const rows = useMemo(() => (quotes ? marketRows(quotes, search, watched) : []), [quotes, search, watched]);

  const change = (part: MarketSearch) => {
    void navigate({ search: (before) => ({ ...before, ...part }), replace: true });
  };

  return (
    <div className={styles.page}>
      <title>Market · Quotron</title>
      <div className={styles.head}>
        <h1>Market</h1>
        {quotes && <p className={styles.count}>{countInWords(rows.length, quotes.length)}</p>}
        {market.data && !market.isError && (
          <p className={styles.live} title="Refreshed every 5 s while this tab is visible">
            Checked <Moment at={clock.ofLocal(market.dataUpdatedAt)} />
          </p>
        )}
      </div>
      {quotes && every && every.length > 0 && (
        <Filters quotes={quotes} others={others} search={search} onChange={change} />
      )}
      {market.data && market.isError && (
        <StaleNotice
          since={market.dataUpdatedAt}
          error={market.error}
          retrying={market.isFetching}
          onRetry={() => market.refetch()}
        />
      )}
      {market.data?.warnings.map((warning) => (
        <p key={warning.code + warning.message} className={styles.warning}>
          {warning.message}
        </p>
      ))}
      {rows.length > 0 && <MarketTable rows={rows} search={search} watched={watched} onChange={change} />}
      {quotes && rows.length === 0 && <NoRows none={every?.length === 0} text={search.q ?? ''} others={others} />}
      {market.isPending && <Loading what="quotes" rows={12} />}
      {!market.data && market.isError && (
        <ErrorState
          what="the market"
          error={market.error}
          retrying={market.isFetching}
          onRetry={() => market.refetch()}
        />
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
