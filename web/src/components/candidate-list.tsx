import { Check } from 'lucide-react';
import type { QuoteView } from '../../../core/contracts/http/market.ts';
import { currencyText, decimalsOf, formatPrice, missing, numberOf, words } from '../text/format.ts';
import styles from './candidate-list.module.css';
import { Change } from './figures.tsx';
import { Moment } from './moment.tsx';

/** The sources side by side: what each says, how far it is from the price that counts, and which was chosen by what rule. */
export function CandidateList({ quote }: { quote: QuoteView }) {
  const candidates = quote.candidates ?? [];
  const decimals = decimalsOf(
    candidates.map((candidate) => candidate.price),
    decimalsOf([quote.price]),
  );
  const price = numberOf(quote.price);
  return (
    <>
      <table className={styles.table}>
        <thead>
          <tr>
            <th>Source</th>
            <th className={styles.numeric}>Price, {currencyText(quote.currency)}</th>
            <th className={styles.numeric}>Apart</th>
            <th>As of</th>
          </tr>
        </thead>
        <tbody>
          {candidates.map((candidate) => {
            const own = numberOf(candidate.price);
            return (
              <tr key={candidate.source} className={candidate.stale ? styles.stale : undefined}>
                <th scope="row">
                  <bdi>{candidate.source}</bdi>
                  {candidate.chosen && (
                    <span className={styles.chosen}>
                      <Check aria-hidden="true" /> chosen
                    </span>
                  )}
                </th>
                <td className={styles.numeric}>{formatPrice(candidate.price, decimals)}</td>
                <td className={styles.numeric}>
                  {candidate.chosen || own === null || price === null ? (
                    missing
                  ) : (
                    <Change value={own - price} decimals={decimals} />
                  )}
                </td>
                <td>
                  {candidate.stale && 'stale, '}
                  <Moment at={candidate.asOf} zone={quote.instrument.zone} />
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
      {quote.rule !== null && <p className={styles.rule}>Chosen by the rule “{words(quote.rule)}”.</p>}
    </>
  );
}
