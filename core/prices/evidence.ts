/** What the database holds of a listing from the same source, when its next row is judged. */
export interface PriorQuote {
  readonly price: number;
  readonly asOf: number;
}

/** What a row is judged by besides itself. */
export interface Evidence {
  /** By listing id: the latest stored quote of the same source. */
  readonly priors: ReadonlyMap<number, PriorQuote>;
  /** By listing id: the latest exchange-timed prices of other sources. Looked up for suspects only. */
  otherPrices(listingIds: readonly number[]): Promise<ReadonlyMap<number, readonly PriorQuote[]>>;
}
