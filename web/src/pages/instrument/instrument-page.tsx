import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { Star } from 'lucide-react';
import type { QuoteView } from '../../../../core/contracts/http/market.ts';
import { quoteQuery } from '../../api/queries.ts';
import { Button } from '../../components/button.tsx';
import { CandidateList } from '../../components/candidate-list.tsx';
import { Back, Page, Section } from '../../components/page.tsx';
import { ErrorState, Loading, StaleNotice } from '../../components/states.tsx';
import { decimalsOfQuote } from '../../market/quote-decimals.ts';
import { toggleWatched, useWatchlist } from '../../market/watchlist.ts';
import { formatPrice } from '../../text/format.ts';
import { Bars } from './bars.tsx';
import { Constituents } from './constituents.tsx';
import { Facts } from './facts.tsx';
import { Findings } from './findings.tsx';
import { Head } from './head.tsx';
import { History } from './history.tsx';
import styles from './instrument-page.module.css';
import { Provenance } from './provenance.tsx';

const route = getRouteApi('/market/$symbol');

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
          <Back to="/market">Market</Back>
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
              <Bars quote={quote} decimals={decimals} />
              <Findings symbol={quote.instrument.symbol} />
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
