import type { DecimalText } from '../../market/decimal.ts';
import type { Provenance } from '../../market/provenance.ts';

/** Microseconds since the epoch, as Postgres counts them: a double has room for them. */
export type Microseconds = number;

/** A version of a stored price as the archive keeps it: what it said, when it was known, and where it came from. */
export interface ArchivedQuote extends Provenance {
  readonly listingId: number;
  readonly source: string;
  readonly asOf: Microseconds;
  readonly price: DecimalText;
  readonly previousClose: DecimalText | null;
  readonly bid: DecimalText | null;
  readonly ask: DecimalText | null;
  readonly volume: DecimalText | null;
  readonly currency: string;
  readonly minorFactor: number;
  readonly session: string | null;
  readonly delaySeconds: number | null;
  readonly asOfBasis: string;
  readonly fetchedAt: Microseconds;
  /** The last fetch that said the same, where that is known to be later. */
  readonly confirmedAt: Microseconds | null;
  /** From when it was known, and until when: `null` for a version that nothing has replaced. */
  readonly ingestedAt: Microseconds;
  readonly knownTo: Microseconds | null;
  /** Nothing agreed with it when it was stored; when something did, where something ever has. */
  readonly wasProvisional: boolean;
  readonly settledAt: Microseconds | null;
}

/** A place in the order of the archive. */
export type ArchivePlace = Pick<ArchivedQuote, 'listingId' | 'source' | 'asOf' | 'ingestedAt'>;

/** A place as manifests write it. */
type PlaceText = Omit<ArchivePlace, 'asOf' | 'ingestedAt'> & { readonly asOf: string; readonly ingestedAt: string };

/** A row's place as a manifest writes it. */
export function placeText({ listingId, source, asOf, ingestedAt }: ArchivePlace): PlaceText {
  return { listingId, source, asOf: instantOf(asOf), ingestedAt: instantOf(ingestedAt) };
}

/** The place of a row that a manifest names. */
export function placeOf(place: PlaceText): ArchivePlace {
  return { ...place, asOf: microsecondsOf(place.asOf), ingestedAt: microsecondsOf(place.ingestedAt) };
}

/** The order of the archive: by listing, source, market time and the time from which a version was known. */
export function inArchiveOrder(a: ArchivePlace, b: ArchivePlace): number {
  if (a.listingId !== b.listingId) return a.listingId - b.listingId;
  if (a.source !== b.source) return a.source < b.source ? -1 : 1;
  return a.asOf - b.asOf || a.ingestedAt - b.ingestedAt;
}

/**
 * An instant in ISO 8601 with its microseconds where it has some, as the database's instants are written.
 *
 * @example
 * instantOf(1_764_000_000_123_456) // '2025-11-24T16:00:00.123456Z'
 */
export function instantOf(at: Microseconds): string {
  const text = new Date(Math.floor(at / 1_000)).toISOString();
  const rest = ((at % 1_000) + 1_000) % 1_000;
  // As Postgres writes it: zeros at the end of the microseconds are left out.
  return rest === 0 ? text : `${text.slice(0, -1)}${String(rest).padStart(3, '0').replace(/0+$/, '')}Z`;
}

/** The reverse of `instantOf`, for any ISO 8601 instant in UTC. */
export function microsecondsOf(text: string): Microseconds {
  const digits = /\.(\d+)/.exec(text)?.[1] ?? '';
  const whole = Date.parse(text.replace(/\.\d+/, ''));
  return whole * 1_000 + Number(digits.padEnd(6, '0').slice(0, 6));
}
