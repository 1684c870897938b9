import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { ChevronLeft, Star } from 'lucide-react';
import { lazy, Suspense } from 'react';
import type { QuoteView } from '../../../../core/contracts/http/market.ts';
import { requestErrorOf } from '../../api/failure.ts';
import { barsQuery, quoteQuery } from '../../api/queries.ts';
import { Button } from '../../components/button.tsx';
import { CandidateList } from '../../components/candidate-list.tsx';
import { Page, Section } from '../../components/page.tsx';
import { Empty, ErrorState, Loading, StaleNotice } from '../../components/states.tsx';
import { decimalsOfQuote } from '../../market/quote-decimals.ts';
import { toggleWatched, useWatchlist } from '../../market/watchlist.ts';
import { currencyText, formatPrice, words } from '../../text/format.ts';
import { Constituents } from './constituents.tsx';
import { Facts } from './facts.tsx';
import { Head } from './head.tsx';
import { History } from './history.tsx';
import styles from './instrument-page.module.css';
import { Provenance } from './provenance.tsx';

const route = getRouteApi('/market/$symbol');
const Candles = lazy(() => import('./candles.tsx'));

/** One instrument: its price and how sure it is, its daily bars, what each source says, and where the number came from. */
export function InstrumentPage() {
  const { symbol } = route.useParams();
  const answer = useQuery(quoteQuery(symbol));
  const watched = useWatchlist().has(symbol);
  const quote = answer.data;
  const decimals = quote ? decimalsOfQuote(quote) : 2;
  return (
    <Page
      above={
        <div className={styles.above}>
          <Link to="/market" className={styles.back}>
            <ChevronLeft aria-hidden="true" /> Market
          </Link>
          <Button
            look="plain"
            icon={<Star aria-hidden="true" />}
            aria-pressed={watched}
            className={styles.watch}
            onClick={() => toggleWatched(symbol)}
          >
            Watchlist
          </Button>
        </div>
      }
      name={quote ? `${symbol} ${formatPrice(quote.price, decimals)}` : symbol}
      title={<bdi>{quote?.instrument.symbol ?? symbol}</bdi>}
      lead={
        quote && (
          <Identity
            name={quote.instrument.name}
            exchange={quote.instrument.exchange}
            assetClass={quote.instrument.assetClass}
          />
        )
      }
    >
      {quote && answer.isError && (
        <StaleNotice
          since={answer.dataUpdatedAt}
          error={answer.error}
          retrying={answer.isFetching}
          onRetry={() => answer.refetch()}
        />
      )}
      {quote && (
        <>
          <Head quote={quote} />
          <div className={styles.columns}>
            <div>
              <Bars symbol={symbol} decimals={decimals} />
              {quote.instrument.assetClass === 'index' && <Constituents symbol={quote.instrument.symbol} />}
              <Section title="Sources side by side" note={confidenceWords[quote.confidence ?? 'single']}>
                <CandidateList quote={quote} />
              </Section>
              <History symbol={symbol} zone={quote.instrument.zone} decimals={decimals} />
            </div>
            <div>
              <Section title="Key figures">
                <Facts quote={quote} />
              </Section>
              <Section title="Provenance">
                <Provenance quote={quote} />
              </Section>
            </div>
          </div>
        </>
      )}
      {answer.isPending && <Loading what={symbol} rows={8} />}
      {!quote && answer.isError && (
        <ErrorState what={symbol} error={answer.error} retrying={answer.isFetching} onRetry={() => answer.refetch()} />
      )}
    </Page>
  );
}

const confidenceWords = {
  single: 'One source only',
  agreed: 'The sources agree',
  disputed: 'The sources differ by more than the tolerance',
} as const;

type AssetClass = QuoteView['instrument']['assetClass'];

const classNames: Record<AssetClass, string> = {
  equity: 'equity',
  etf: 'ETF',
  fund: 'fund',
  index: 'index',
  crypto: 'crypto',
  fx: 'foreign exchange',
  future: 'future',
  option: 'option',
  other: 'other',
};

/** Name, venue and class. What has no venue is shown in place of one, and not once more. */
function Identity({ name, exchange, assetClass }: { name: string | null; exchange: string; assetClass: AssetClass }) {
  const className = classNames[assetClass];
  return (
    <>
      {name !== null && (
        <>
          <bdi>{name}</bdi> ·{' '}
        </>
      )}
      <bdi>{exchange}</bdi>
      {exchange.toLowerCase() !== className.toLowerCase() && ` · ${className}`}
    </>
  );
}

function Bars({ symbol, decimals }: { symbol: string; decimals: number }) {
  const answer = useQuery(barsQuery(symbol));
  const bars = answer.data;
  const none = bars?.bars.length === 0 || (answer.isError && requestErrorOf(answer.error).code === 'no_bars');
  return (
    <Section
      title="Daily bars"
      note={
        bars &&
        bars.bars.length > 0 &&
        `${bars.currency === null ? '' : currencyText(bars.currency)}, ${bars.basis === 'raw' ? 'as traded' : `adjusted for ${words(bars.basis)}`}, ${bars.source}`
      }
    >
      {bars?.warnings.map((warning) => (
        <p key={warning.code} className={styles.warning}>
          {warning.message}
        </p>
      ))}
      {bars && bars.bars.length > 0 && (
        <Suspense fallback={<Loading what="the chart" rows={6} />}>
          <Candles bars={bars} decimals={decimals} />
        </Suspense>
      )}
      {none && (
        <Empty title="No daily bars yet">
          Open, high, low and close of each day appear here after the next run of a source’s bars job.
        </Empty>
      )}
      {answer.isPending && <Loading what="bars" rows={6} />}
      {!bars && answer.isError && !none && (
        <ErrorState
          what="the chart"
          error={answer.error}
          retrying={answer.isFetching}
          onRetry={() => answer.refetch()}
        />
      )}
    </Section>
  );
}
