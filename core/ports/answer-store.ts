/** Where answers are kept that are too long to be sent by the way they were asked for. */
export interface AnswerStore {
  /** Keeps an answer for a day; gives a link that lets its holder read it for some minutes, with the same headers. */
  keep(body: string, headers: Readonly<Record<string, string>>): Promise<string>;
}

/** The store did not take an answer. It may at another time. */
export class AnswerStoreError extends Error {
  override readonly name = 'AnswerStoreError';
}
