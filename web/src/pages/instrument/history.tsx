import { useQuery } from '@tanstack/react-query';
import type { QuoteTick } from '../../../../core/contracts/http/market.ts';
import { historyQuery } from '../../api/queries.ts';
import { Moment, VenueTime } from '../../components/moment.tsx';
import { Section } from '../../components/page.tsx';
import { Empty, ErrorState, Loading } from '../../components/states.tsx';
import { formatPrice, numberOf } from '../../text/format.ts';
import styles from './history.module.css';

/** The last stored prices, each with what it was before it was corrected. One that was taken back is struck through. */
export function History({ symbol, zone, decimals }: { symbol: string; zone: string; decimals: number }) {
  const history = useQuery(historyQuery(symbol));
  return (
    <Section title="Stored prices" note="Newest first">
      {history.data && history.data.length > 0 && (
        <ul className={styles.ticks}>
          {pricesOf(history.data)
            .slice(0, 20)
            .map(({ latest, former }) => (
              <li key={`${latest.source} ${latest.asOf}`}>
                <Moment at={latest.asOf} zone={zone} />
                <bdi className={styles.quiet}>{latest.source}</bdi>
                <span className={styles.price}>
                  {latest.knownTo === null ? (
                    formatPrice(latest.price, decimals)
                  ) : (
                    <del>{formatPrice(latest.price, decimals)}</del>
                  )}
                </span>
                {former.map(({ price, knownFrom, knownTo }) => (
                  <span key={knownFrom} className={styles.was}>
                    was {formatPrice(price, decimals)} until <VenueTime at={knownTo} zone={zone} />
                  </span>
                ))}
              </li>
            ))}
        </ul>
      )}
      {history.data?.length === 0 && (
        <Empty title="Only the latest price is stored">Each price stored from now on appears here.</Empty>
      )}
      {history.isPending && <Loading what="stored prices" rows={3} />}
      {!history.data && history.isError && (
        <ErrorState
          what="stored prices"
          error={history.error}
          retrying={history.isFetching}
          onRetry={() => history.refetch()}
        />
      )}
    </Section>
  );
}

interface StoredPrice {
  /** What is known now; or what was known last, of a price that was taken back. */
  readonly latest: QuoteTick;
  /** What was known for a time, the latest first. */
  readonly former: readonly (QuoteTick & { readonly knownTo: string })[];
}

/** The versions of each price together, in the order of the prices. */
function pricesOf(ticks: readonly QuoteTick[]): StoredPrice[] {
  const versions = Map.groupBy(ticks, ({ source, asOf }) => `${source} ${asOf}`);
  return [...versions.values()].flatMap((all) => {
    const newestFirst = all.toSorted((a, b) => Date.parse(b.knownFrom) - Date.parse(a.knownFrom));
    const [latest] = newestFirst;
    const former = newestFirst.flatMap((tick, at) => {
      const { price, knownTo } = tick;
      const after = newestFirst[at - 1];
      // A correction of something else, of the volume for one, is none of the price.
      const same = after !== undefined && numberOf(after.price) === numberOf(price);
      return knownTo === null || same ? [] : { ...tick, knownTo };
    });
    return latest ? [{ latest, former }] : [];
  });
}
