import type { QuoteView } from '../../../../core/contracts/http/market.ts';
import { Moment, VenueTime } from '../../components/moment.tsx';
import { cityOf, plural } from '../../text/format.ts';
import styles from './exchanges.module.css';

interface Venue {
  readonly mic: string;
  readonly name: string;
  readonly zone: string;
  newest: QuoteView;
  count: number;
  stale: number;
}

const sessionWords = { regular: 'open', pre: 'pre-market', post: 'after hours', closed: 'closed' } as const;

/** A strip of venues: session, age of the newest price, number of stale prices. */
export function Exchanges({ quotes }: { quotes: readonly QuoteView[] }) {
  return (
    <ul className={styles.strip}>
      {venuesOf(quotes).map(({ mic, name, zone, newest, count, stale }) => (
        <li key={mic} className={styles.venue}>
          <p className={styles.name}>
            <bdi>{name}</bdi>
            {newest.session !== null && <span className={styles.session}>{sessionWords[newest.session]}</span>}
          </p>
          <p className={styles.newest}>
            {newest.session === 'closed' ? (
              <>
                since <VenueTime at={newest.asOf} zone={zone} city={cityOf(zone) !== name} />
              </>
            ) : (
              <Moment at={newest.asOf} zone={zone} />
            )}
          </p>
          <p className={styles.count}>
            {plural(count, 'instrument')}
            {stale > 0 && <strong className={styles.stale}>, {stale} stale</strong>}
          </p>
        </li>
      ))}
    </ul>
  );
}

function venuesOf(quotes: readonly QuoteView[]): Venue[] {
  const venues = new Map<string, Venue>();
  for (const quote of quotes) {
    const { mic, exchange: name, zone } = quote.instrument;
    const venue = venues.get(mic) ?? { mic, name, zone, newest: quote, count: 0, stale: 0 };
    if (quote.asOf > venue.newest.asOf) venue.newest = quote;
    venue.count++;
    if (quote.stale) venue.stale++;
    venues.set(mic, venue);
  }
  return [...venues.values()].toSorted((a, b) => b.count - a.count || a.name.localeCompare(b.name));
}
