/** Stores answers that are too long to be sent directly. */
export interface AnswerStore {
  /** Stores an answer for a day; returns a link to it that is valid for some minutes, with the same headers. */
  keep(body: string, headers: Readonly<Record<string, string>>): Promise<string>;
}

/** The store refused an answer. A later try may succeed. */
export class AnswerStoreError extends Error {
  override readonly name = 'AnswerStoreError';
}
