import type { DecimalText } from '../market/decimal.ts';
import type { Holding } from '../models/read-holdings.ts';

/** A model portfolio as it is stored. */
export interface StoredModel {
  readonly id: string;
  readonly name: string | null;
  readonly holdings: readonly Holding[];
  readonly revision: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** A model in a list. */
export type ListedModel = Omit<StoredModel, 'holdings'> & {
  readonly holdings: number;
  readonly weightSum: DecimalText;
};

/** Model portfolios. They are what people brought, and of no source. */
export interface ModelStore {
  /** A page, by id. */
  page(of: { readonly after: string; readonly limit: number }): Promise<ListedModel[]>;
  one(id: string): Promise<StoredModel | null>;
  /**
   * Puts a model in place of what has its id. The same again changes nothing, not even its revision. `full`: there are
   * `most` others.
   */
  put(
    model: Pick<StoredModel, 'id' | 'name' | 'holdings'>,
    now: Date,
    most: number,
  ): Promise<{ readonly model: StoredModel; readonly change: 'created' | 'replaced' | 'none' } | 'full'>;
  /** Whether there was one. */
  remove(id: string): Promise<boolean>;
}
