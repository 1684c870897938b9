import type { ExchangeView } from '../../../../core/contracts/http/market.ts';
import { useNow } from '../../api/clock.ts';
import { Moment, VenueTime } from '../../components/moment.tsx';
import { cityOf, plural } from '../../text/format.ts';
import styles from './exchanges.module.css';

const sessionWords = { regular: 'open', pre: 'pre-market', post: 'after hours', closed: 'closed' } as const;

/** A strip of venues: session, age of the newest price, when it closes or opens next, number of stale prices. */
export function Exchanges({ exchanges }: { exchanges: readonly ExchangeView[] }) {
  const now = useNow();
  return (
    <ul className={styles.strip}>
      {exchanges.map(({ mic, name, zone, session, newestAsOf, newestSession, instruments, stale }) => (
        <li key={mic} className={styles.venue}>
          <p className={styles.name}>
            <bdi>{name}</bdi>
            {newestSession !== null && <span className={styles.session}>{sessionWords[newestSession]}</span>}
          </p>
          <p className={styles.newest}>
            {newestSession === 'closed' ? (
              <>
                since <VenueTime at={newestAsOf} zone={zone} city={cityOf(zone) !== name} />
              </>
            ) : (
              <Moment at={newestAsOf} zone={zone} />
            )}
          </p>
          {session !== null && (
            <p className={styles.count}>
              {Date.parse(session.opensAt) <= now ? (
                <>
                  closes <Moment at={session.closesAt} zone={zone} />
                </>
              ) : (
                <>
                  opens <VenueTime at={session.opensAt} zone={zone} city={cityOf(zone) !== name} />
                </>
              )}
            </p>
          )}
          <p className={styles.count}>
            {plural(instruments, 'instrument')}
            {stale > 0 && <strong className={styles.stale}>, {stale} stale</strong>}
          </p>
        </li>
      ))}
    </ul>
  );
}
