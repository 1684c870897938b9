import type { Question } from '../../core/contracts/proxy.ts';
import type { FetchFromYahoo, Loaded } from './fetch-from-yahoo.ts';

/**
 * Gathers the questions of a few milliseconds, so that quotes for many clients are fetched in one call. For a process
 * with many clients; a Lambda container has one at a time.
 */
export function batchQuestions(fetchAnswers: FetchFromYahoo, gatherMs: number): FetchFromYahoo {
  let waiting: { questions: readonly Question[]; done: (loaded: Loaded[]) => void; fail: (error: unknown) => void }[] =
    [];
  async function send(): Promise<void> {
    const batch = waiting;
    waiting = [];
    try {
      const loaded = await fetchAnswers(batch.flatMap(({ questions }) => questions));
      let from = 0;
      for (const { questions, done } of batch) {
        done(loaded.slice(from, from + questions.length));
        from += questions.length;
      }
    } catch (error) {
      for (const { fail } of batch) fail(error);
    }
  }
  return (questions) => {
    // A chart or a search is always a separate request, and need not wait.
    if (questions.every(({ route }) => route !== 'quote')) return fetchAnswers(questions);
    return new Promise((done, fail) => {
      waiting.push({ questions, done, fail });
      if (waiting.length === 1) setTimeout(() => void send(), gatherMs);
    });
  };
}
