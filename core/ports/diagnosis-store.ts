import type { Diagnosis } from '../contracts/http/diagnostics.ts';
import type { SummaryRefusal } from '../contracts/words/summary-refusals.ts';
import type { AfterRow } from './after-row.ts';

export interface StoredDiagnosis {
  readonly id: string;
  readonly diagnosis: Diagnosis;
  readonly markdown: string;
  readonly summary: { readonly model: string; readonly text: string } | null;
  /** Why there is none, where a model was asked for one. */
  readonly summaryRefusal: { readonly model: string; readonly why: SummaryRefusal } | null;
}

/** A diagnosis in the list. */
export interface DiagnosisHead {
  readonly id: string;
  readonly createdAt: Date;
  readonly score: number | null;
  readonly headline: string | null;
}

/** Diagnoses that were made. They never change, except for a summary that is added later. */
export interface DiagnosisStore {
  /** Keeps one; the same id again keeps what is there. */
  keep(of: { id: string; diagnosis: Diagnosis; markdown: string; requestedBy: string | null }): Promise<void>;
  /** `null` for an unknown id, and for a diagnosis of an older form. */
  one(id: string): Promise<StoredDiagnosis | null>;
  /** The newest one; `null` before the first, and for one of an older form. */
  newest(): Promise<Diagnosis | null>;
  /** A page, the newest first. */
  list(of: { after: AfterRow | null; limit: number }): Promise<DiagnosisHead[]>;
}
