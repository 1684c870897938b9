import type { ImportStatus } from '../contracts/http/imports.ts';
import type { ImportKind } from '../contracts/words/imports.ts';
import type { LicenceClass } from '../contracts/words/licence.ts';
import type { QuarantineReason } from '../contracts/words/quarantine-reasons.ts';
import type { RowFinding } from '../contracts/words/row-findings.ts';
import type { AfterRow } from './after-row.ts';

export interface NewImport {
  /** Of its run, too. */
  readonly id: string;
  /** What the id is made of, beside source and job. */
  readonly slot: string;
  readonly kind: ImportKind;
  readonly licence: LicenceClass;
  readonly sourceId: string;
  /** Of a source's raw answers. */
  readonly answersOf: string | null;
  readonly label: string | null;
  readonly keyId: string | null;
  readonly createdAt: Date;
  readonly expiresAt: Date;
}

export interface ImportRecord extends Omit<NewImport, 'keyId' | 'slot'> {
  readonly status: ImportStatus;
  readonly finishedAt: Date | null;
  readonly parts: number;
  readonly partsRead: number;
  readonly partsFailed: number;
  readonly accepted: number;
  readonly written: number;
  readonly rejected: number;
}

/** A packed part: its bytes and their SHA-256 in base64. */
export interface AnnouncedPart {
  readonly part: number;
  readonly bytes: number;
  readonly sha256: string;
}

/** Why parts are not taken, or an import is not finished. */
export type ImportRefusal = 'unknown' | 'ended' | 'other_part' | 'parts_missing';

/** A row of an import that is held back. */
export interface HeldRow {
  readonly id: string;
  readonly part: number;
  readonly path: string;
  readonly symbol: string | null;
  readonly reason: QuarantineReason;
  readonly finding: RowFinding;
  readonly detail: string;
}

/** Imports: files that people bring, in parts. */
export interface ImportStore {
  /** Opens an import; one of the same id stays as it is. Gives it as it is now. */
  create(of: NewImport, now: Date): Promise<ImportRecord>;
  one(id: string, now: Date): Promise<ImportRecord | null>;
  /** The newest first. */
  list(of: { readonly after: AfterRow | null; readonly limit: number; readonly now: Date }): Promise<ImportRecord[]>;
  /** Notes a part. The same part again is the same; another one of its number is refused. */
  announce(id: string, part: AnnouncedPart, now: Date): Promise<ImportRefusal | null>;
  /**
   * Closes an import of so many parts: they become the tasks of a run, whose answers are there already. Again, it changes
   * nothing.
   */
  finish(id: string, parts: number, now: Date): Promise<ImportRefusal | null>;
  /** Parts that nothing has read yet. */
  unread(id: string): Promise<number[]>;
  /** Rows that are held back, in the order in which they came. */
  held(id: string, of: { readonly after: string | null; readonly limit: number }): Promise<HeldRow[]>;
}
