/**
 * Blocks of listings. Ids of listings are given in order of registration and never change, so neither does a listing's
 * block: what is registered together mostly shares one.
 */

/** Listings in a block. */
const listingsPerBlock = 200;

/**
 * The block of a listing.
 *
 * @example
 * blockOf(200) // 0
 * blockOf(201) // 1
 */
export function blockOf(listingId: number): number {
  return Math.floor((listingId - 1) / listingsPerBlock);
}

/** Rows by the blocks of their listings, in order of block; in each, the rows in the order in which they came. */
export function byBlock<Row>(rows: readonly Row[], listingIdOf: (row: Row) => number): [number, Row[]][] {
  const blocks = new Map<number, Row[]>();
  for (const row of rows) {
    const block = blockOf(listingIdOf(row));
    const others = blocks.get(block);
    if (others) others.push(row);
    else blocks.set(block, [row]);
  }
  return [...blocks].sort(([a], [b]) => a - b);
}
