import { isVisible, type KeyUse, type LicenceClass, usesWithin } from '../contracts/words/licence.ts';

/** A reader of what sources gave, for one caller: without the caller's sources there is no reader. */
export type VisibleTo<Reader> = (visible: VisibleSources) => Reader;

/** A source and its licence class, as the catalogue names them. */
interface LicensedSource {
  readonly id: string;
  readonly terms: { readonly licence: LicenceClass };
}

/** What was asked for is of a source that the key may not see. */
export class LicenceError extends Error {
  override readonly name = 'LicenceError';
}

/** The sources whose data a caller may see. */
export class VisibleSources {
  /** `null` for a caller that nothing may be shown to. */
  readonly use: KeyUse | null;
  /** `null` for every source, those too that no catalogue names any more. */
  readonly ids: readonly string[] | null;
  /** The sources of the catalogue that are not among them. */
  readonly hidden: readonly string[];

  private constructor(use: KeyUse | null, ids: readonly string[] | null, hidden: readonly string[]) {
    this.use = use;
    this.ids = ids;
    this.hidden = hidden;
  }

  /** Those of a key. A source that the catalogue lacks has no known licence. */
  static of(use: KeyUse, catalogue: readonly LicensedSource[]): VisibleSources {
    if (isVisible(use, 'unknown')) return new VisibleSources(use, null, []);
    const idsThat = (visible: boolean) =>
      catalogue.filter(({ terms }) => isVisible(use, terms.licence) === visible).map(({ id }) => id);
    return new VisibleSources(use, idsThat(true), idsThat(false));
  }

  /** No source at all. */
  static none(): VisibleSources {
    return new VisibleSources(null, [], []);
  }

  /** Whether every source is among them. */
  get all(): boolean {
    return this.ids === null;
  }

  has(sourceId: string): boolean {
    return this.ids === null || this.ids.includes(sourceId);
  }

  /** Throws `LicenceError` for a source that is not among them. */
  require(sourceId: string): void {
    if (!this.has(sourceId)) throw this.refusal();
  }

  refusal(): LicenceError {
    return new LicenceError(
      `What is asked for comes from sources whose licence does not allow the use of this key, ${this.use ?? 'none'}.`,
    );
  }

  /** The uses whose keys see no more than these sources. */
  get narrowerUses(): readonly KeyUse[] {
    return this.use === null ? [] : usesWithin(this.use);
  }
}

/** Every source: for functions that answer no one outside. */
export const everySource = VisibleSources.of('internal', []);
