import type { StoredMember, StoredSnapshot } from '../market/stored-index.ts';

/** Reads of index constituents that the caller may see; all others are as if they were not there. */
export interface ConstituentReader {
  /** The newest snapshot of each index that is not later than `date`, of any source or of one. */
  snapshots(
    listingIds: readonly number[],
    of: { date: string | null; source: string | null; knownAt: string | null },
  ): Promise<StoredSnapshot[]>;
  /** Of some indices, those of which only sources have given members that the caller may not see; with `source`, that one. */
  hidden(listingIds: readonly number[], source: string | null): Promise<ReadonlySet<number>>;
  /** A page of a snapshot's members, heaviest first. */
  members(of: {
    snapshot: Pick<StoredSnapshot, 'indexListingId' | 'source' | 'date'>;
    knownAt: string | null;
    after: { rank: number; symbol: string } | null;
    limit: number;
  }): Promise<StoredMember[]>;
}
