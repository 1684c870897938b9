import { Clock } from 'lucide-react';
import type { QuoteView } from '../../../../core/contracts/http/market.ts';
import { classNames } from '../../components/class-names.ts';
import { Change, Percent } from '../../components/figures.tsx';
import { Moment, VenueTime } from '../../components/moment.tsx';
import { Tint } from '../../components/tint.tsx';
import { decimalsOfQuote } from '../../market/quote-decimals.ts';
import { currencyText, formatPrice, numberOf } from '../../text/format.ts';
import styles from './head.module.css';

const sessionWords = { regular: 'Open', pre: 'Pre-market', post: 'After hours', closed: 'Closed since' } as const;

/** The price, large, with its change, the market's state, and how old it is. */
export function Head({ quote }: { quote: QuoteView }) {
  const { zone } = quote.instrument;
  const decimals = decimalsOfQuote(quote);
  return (
    <div className={classNames(styles.head, quote.stale && styles.stale)}>
      <p className={styles.price}>
        <Tint value={numberOf(quote.price)}>{formatPrice(quote.price, decimals)}</Tint>{' '}
        <span className={styles.currency}>{currencyText(quote.currency)}</span>
      </p>
      <p className={styles.change}>
        <Change value={quote.change} decimals={decimals} /> <Percent value={quote.changeFraction} />
      </p>
      <p className={styles.state}>
        {quote.stale && (
          <span className={styles.old}>
            <Clock aria-hidden="true" /> Stale: older than this market’s last expected price ·{' '}
          </span>
        )}
        {quote.session !== null && `${sessionWords[quote.session]} `}
        {quote.session === 'closed' ? (
          <VenueTime at={quote.asOf} zone={zone} />
        ) : (
          <>
            {quote.session !== null && '· '}
            {quote.asOfBasis === 'fetched' && 'asked '}
            <Moment at={quote.asOf} zone={zone} />
          </>
        )}
      </p>
    </div>
  );
}
