import type { AssetClass, NamedListing } from '../market/instrument.ts';

export interface FoundInstrument extends NamedListing {
  /** 0 the symbol itself, 1 a symbol that begins with the text, 2 a part of the symbol or the name. */
  readonly rank: number;
}

/** Looks instruments up by symbol or name: those that a source has which the caller may see. */
export interface InstrumentReader {
  /** A page of what matches, best first. An empty text matches all. Case does not matter. */
  search(of: {
    text: string;
    date: string;
    assetClass: AssetClass | null;
    after: { rank: number; symbol: string } | null;
    limit: number;
  }): Promise<FoundInstrument[]>;
  /** How many match. */
  count(of: { text: string; date: string; assetClass: AssetClass | null }): Promise<number>;
}
