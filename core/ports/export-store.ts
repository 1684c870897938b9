import type { ExportedFile, ExportFailure, ExportInterval, ExportPart, ExportView } from '../contracts/http/exports.ts';
import type { KeyUse } from '../contracts/words/licence.ts';
import type { AfterRow } from './after-row.ts';

/** What an export is of. */
export interface ExportAsked {
  readonly id: string;
  readonly use: KeyUse;
  readonly symbols: readonly string[] | null;
  readonly exchange: string | null;
  readonly intervals: readonly ExportInterval[];
  readonly from: string;
  readonly to: string;
  /** Sources whose rows are left out. */
  readonly leftOut: readonly string[];
  readonly createdAt: Date;
}

/** An export and its progress. */
export interface ExportProgress extends ExportAsked {
  readonly status: Exclude<ExportView['status'], 'expired'>;
  readonly failure: ExportFailure | null;
  readonly listings: number;
  readonly partsDone: number;
  readonly parts: number | null;
  readonly rows: number;
  readonly bytes: number;
  readonly files: number;
  readonly finishedAt: Date | null;
  readonly expiresAt: Date | null;
}

/** Exports that the caller may see: those of keys whose use sees no more than theirs. Of another one, `LicenceError`. */
export interface ExportStore {
  /** The listings of an exchange, or all, so many at the most. */
  listings(exchange: string | null, limit: number): Promise<readonly number[]>;
  /** Keeps a request. One of the same id stays as it is. Gives whether there was none. */
  create(
    asked: ExportAsked & { readonly keyId: string | null; readonly listings: readonly number[] },
  ): Promise<boolean>;
  /** Removes a request that nothing has begun to work on. */
  takeBack(id: string): Promise<void>;
  one(id: string): Promise<ExportProgress | null>;
  /** A page, the newest first. */
  list(of: { after: AfterRow | null; limit: number }): Promise<ExportProgress[]>;
  /** Files of an export that is done, in their order, behind a place. */
  files(id: string, after: number, limit: number): Promise<{ readonly n: number; readonly file: ExportedFile }[]>;
  /** Ends an export: nothing more is written, and its files are not given any more. Gives whether there is such an export. */
  cancel(id: string, now: Date): Promise<boolean>;
}

/** How far the work on an export is: so many of its parts are done, and so many listings of the next one. */
export interface ExportPlace {
  readonly unit: number;
  readonly listingAt: number;
}

/** An export that is being written. */
export interface ExportWork extends ExportAsked {
  readonly place: ExportPlace;
  readonly units: readonly ExportPart[] | null;
  readonly listings: readonly number[];
  readonly rows: number;
  readonly files: number;
  /** Tries since the last progress. */
  readonly tries: number;
}

/** What the writer of exports keeps. Each step may be done twice. */
export interface ExportWorkStore {
  /** An export that is not done yet; `null` for one that has ended. */
  work(id: string): Promise<ExportWork | null>;
  /** Keeps what an export consists of. */
  plan(id: string, units: readonly ExportPart[]): Promise<void>;
  /** Notes files, and how far they take the work. Gives whether it did: not where somebody else has written on, or the export has ended. */
  advance(work: ExportWork, to: ExportPlace, files: readonly ExportedFile[]): Promise<boolean>;
  /** All files, in their order. */
  allFiles(id: string): Promise<ExportedFile[]>;
  finish(id: string, manifestBytes: number, at: Date, expiresAt: Date): Promise<void>;
  fail(id: string, failure: ExportFailure, at: Date): Promise<void>;
  /** Notes that a try begins, before it can be interrupted. Gives the how many-th it is since the last progress. */
  begin(id: string): Promise<number>;
}
