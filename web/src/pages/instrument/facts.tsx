import type { QuoteView } from '../../../../core/contracts/http/market.ts';
import { decimalsOfQuote } from '../../market/quote-decimals.ts';
import { currencyText, formatDuration, formatPrice, formatVolume, missing } from '../../text/format.ts';
import styles from './facts.module.css';

/** The other figures of a quote, and its licence. */
export function Facts({ quote }: { quote: QuoteView }) {
  const decimals = decimalsOfQuote(quote);
  return (
    <dl className={styles.facts}>
      <dt>Previous close</dt>
      <dd>{formatPrice(quote.previousClose, decimals)}</dd>
      <dt>Bid</dt>
      <dd>{formatPrice(quote.bid, decimals)}</dd>
      <dt>Ask</dt>
      <dd>{formatPrice(quote.ask, decimals)}</dd>
      <dt>Volume</dt>
      <dd>{formatVolume(quote.volume)}</dd>
      <dt>Source delay</dt>
      <dd>
        {quote.delaySeconds === null ? missing : quote.delaySeconds === 0 ? 'none' : formatDuration(quote.delaySeconds)}
      </dd>
      <dt>Quoted in</dt>
      <dd>
        {quote.minorFactor === 1
          ? currencyText(quote.currency)
          : `1/${quote.minorFactor} ${quote.currency}, shown in ${quote.currency}`}
      </dd>
      <dt>Exchange</dt>
      <dd>{quote.instrument.mic}</dd>
      <dt>Licence</dt>
      <dd>{quote.licence}</dd>
    </dl>
  );
}
