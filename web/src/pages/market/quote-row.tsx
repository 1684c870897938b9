import { Link, useNavigate } from '@tanstack/react-router';
import { Clock, GitCompareArrows, Star } from 'lucide-react';
import { memo } from 'react';
import type { QuoteView, SparklineView } from '../../../../core/contracts/http/market.ts';
import { classNames } from '../../components/class-names.ts';
import { Change, Figure, Percent } from '../../components/figures.tsx';
import { Moment, VenueTime } from '../../components/moment.tsx';
import { Tint } from '../../components/tint.tsx';
import { decimalsOfQuote } from '../../market/quote-decimals.ts';
import { toggleWatched } from '../../market/watchlist.ts';
import { currencyText, formatPrice, formatVolume, missing, numberOf } from '../../text/format.ts';
import type { Disputed } from './candidates.tsx';
import styles from './market-table.module.css';
import { Sparkline } from './sparkline.tsx';

/** One instrument. Memoized: of a page of quotes a few change at a time. */
export const QuoteRow = memo(function QuoteRow({
  quote,
  index,
  tabStop,
  watched,
  line,
  onActive,
  onDisputed,
}: {
  quote: QuoteView;
  index: number;
  tabStop: boolean;
  watched: boolean;
  line: SparklineView | undefined;
  onActive: (index: number) => void;
  onDisputed: (disputed: Disputed) => void;
}) {
  const navigate = useNavigate();
  const { instrument } = quote;
  const { symbol } = instrument;
  const decimals = decimalsOfQuote(quote);
  const tabIndex = tabStop ? 0 : -1;
  return (
    <tr
      aria-rowindex={index + 2}
      data-index={index}
      className={classNames(styles.row, styles.quote, quote.stale && styles.stale)}
      onFocus={() => onActive(index)}
      onClick={(event) => {
        const text = getSelection()?.toString() ?? '';
        if (text !== '' || (event.target instanceof Element && event.target.closest('a, button'))) return;
        void navigate({ to: '/market/$symbol', params: { symbol } });
      }}
    >
      <td className={styles.star}>
        <button
          type="button"
          tabIndex={tabIndex}
          className={styles.mark}
          aria-pressed={watched}
          aria-label={`${watched ? 'Remove' : 'Add'} ${symbol} ${watched ? 'from' : 'to'} the watchlist`}
          onClick={() => toggleWatched(symbol)}
        >
          <Star aria-hidden="true" />
        </button>
      </td>
      <td className={styles.symbol}>
        <Link to="/market/$symbol" params={{ symbol }} tabIndex={tabIndex} className={styles.link}>
          <bdi>{symbol}</bdi>
        </Link>
        <span className={styles.name} title={instrument.name ?? undefined}>
          <bdi>{instrument.name ?? instrument.exchange}</bdi>
        </span>
      </td>
      <td className={classNames(styles.price, styles.numeric)} title={`${quote.price} ${currencyText(quote.currency)}`}>
        {quote.confidence === 'disputed' && (
          <button
            type="button"
            tabIndex={tabIndex}
            className={styles.disputed}
            aria-label={`The sources differ on ${symbol}: show the candidates`}
            title="The sources differ: show the candidates"
            onClick={(event) => onDisputed({ quote, by: event.currentTarget })}
          >
            <GitCompareArrows aria-hidden="true" />
          </button>
        )}
        <Tint value={numberOf(quote.price)}>{formatPrice(quote.price, decimals)}</Tint>
      </td>
      <td className={styles.currency}>{currencyText(quote.currency)}</td>
      <td className={classNames(styles.change, styles.numeric)}>
        <Change value={quote.change} decimals={decimals} />
      </td>
      <td className={classNames(styles.percent, styles.numeric)}>
        <Percent value={quote.changeFraction} />
      </td>
      <td className={styles.spark}>
        <Sparkline line={line} previousClose={quote.previousClose} decimals={decimals} />
      </td>
      <td className={classNames(styles.bid, styles.numeric)}>
        <Figure text={formatPrice(quote.bid, decimals)} />
      </td>
      <td className={classNames(styles.ask, styles.numeric)}>
        <Figure text={formatPrice(quote.ask, decimals)} />
      </td>
      <td className={classNames(styles.volume, styles.numeric)}>
        <Figure text={formatVolume(quote.volume)} />
      </td>
      <td className={styles.asOf}>
        <AsOf quote={quote} />
      </td>
      <td className={styles.source}>
        <bdi>{quote.source || missing}</bdi>
      </td>
    </tr>
  );
});

function AsOf({ quote }: { quote: QuoteView }) {
  const { zone } = quote.instrument;
  if (quote.stale) {
    return (
      <span className={styles.old} title="Older than this market’s last expected price">
        <Clock aria-hidden="true" />
        stale, <Moment at={quote.asOf} zone={zone} />
      </span>
    );
  }
  if (quote.session === 'closed') {
    return (
      <>
        closed <VenueTime at={quote.asOf} zone={zone} city={false} />
      </>
    );
  }
  return (
    <>
      {quote.session === 'pre' && 'pre-market '}
      {quote.session === 'post' && 'after hours '}
      {quote.asOfBasis === 'fetched' && (
        <span title="The source gives no market time; this is the time of the fetch">fetched </span>
      )}
      <Moment at={quote.asOf} zone={zone} />
    </>
  );
}

/** A row that is not here yet. */
export function WaitingRow({ index }: { index: number }) {
  return (
    <tr aria-rowindex={index + 2} data-index={index} className={classNames(styles.row, styles.waiting)}>
      <td className={styles.star} />
      <td className={styles.symbol}>
        <span aria-hidden="true" />
      </td>
      <td className={styles.price} />
    </tr>
  );
}
