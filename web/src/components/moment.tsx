import { useNow } from '../api/clock.ts';
import { cityOf, formatExact, formatInZone, formatRelative, missing } from '../text/format.ts';

/** An instant as people say it (`12 s ago`), exact on hover and for machines. `null` is an en dash. */
export function Moment({ at, zone, className }: { at: string | null; zone?: string; className?: string | undefined }) {
  const now = useNow();
  if (at === null) return <span className={className}>{missing}</span>;
  const instant = Date.parse(at);
  return (
    <time dateTime={at} title={formatExact(instant, zone)} className={className}>
      {formatRelative(instant, now)}
    </time>
  );
}

/** When something is due next: no run begins at the very instant, so one whose time has come is not `0 s ago`. */
export function NextRun({ at }: { at: string | null }) {
  const now = useNow();
  return at !== null && Date.parse(at) <= now ? (
    <span title={formatExact(Date.parse(at))}>due now</span>
  ) : (
    <Moment at={at} />
  );
}

/** An instant in a venue's own time: `Fri 16:00 New York`. */
export function VenueTime({ at, zone, city = true }: { at: string; zone: string; city?: boolean }) {
  const now = useNow();
  const instant = Date.parse(at);
  return (
    <time dateTime={at} title={formatExact(instant, zone)}>
      {formatInZone(instant, zone, now)}
      {city && ` ${cityOf(zone)}`}
    </time>
  );
}
