import { useQuery } from '@tanstack/react-query';
import { historyQuery } from '../../api/queries.ts';
import { Moment } from '../../components/moment.tsx';
import { Section } from '../../components/page.tsx';
import { Empty, ErrorState, Loading } from '../../components/states.tsx';
import { formatPrice } from '../../text/format.ts';
import styles from './history.module.css';

/** The last stored prices. A corrected one is struck through, with the time of its correction. */
export function History({ symbol, zone, decimals }: { symbol: string; zone: string; decimals: number }) {
  const history = useQuery(historyQuery(symbol));
  return (
    <Section title="Stored prices" note="Newest first">
      {history.data && history.data.length > 0 && (
        <ul className={styles.ticks}>
          {history.data.slice(0, 20).map((tick) => (
            <li key={`${tick.source} ${tick.asOf} ${tick.knownFrom}`}>
              <Moment at={tick.asOf} zone={zone} />
              <bdi className={styles.quiet}>{tick.source}</bdi>
              {tick.knownTo === null ? (
                <span className={styles.price}>{formatPrice(tick.price, decimals)}</span>
              ) : (
                <span className={styles.price}>
                  <span className={styles.quiet}>
                    until <Moment at={tick.knownTo} />
                  </span>{' '}
                  <del>{formatPrice(tick.price, decimals)}</del>
                </span>
              )}
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
