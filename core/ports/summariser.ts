import type { SummaryRefusal } from '../contracts/words/summary-refusals.ts';

/** Who writes a short summary of a report: a language model. */
export interface Summariser {
  /** The model's id, as the report names it. */
  readonly model: string;
  /**
   * A few sentences on a report, unchecked. `isWhole` is false where they were cut off. Throws `NoAnswerError` where the
   * model does not answer.
   */
  summarise(report: string): Promise<{ readonly text: string; readonly isWhole: boolean }>;
}

/** The model did not answer. Another try may bring one. */
export class NoAnswerError extends Error {
  override readonly name = 'NoAnswerError';
  readonly why: SummaryRefusal;
  constructor(model: string, why: SummaryRefusal, options: { cause: unknown }) {
    super(
      `The model ${model} gave no summary (${why}). The report is there without one; nothing depends on it.`,
      options,
    );
    this.why = why;
  }
}
