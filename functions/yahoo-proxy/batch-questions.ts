import type { Question } from '../../core/contracts/proxy.ts';
import { quoteRoute } from '../../core/proxy/market-routes.ts';
import type { FetchFromYahoo, Loaded } from './fetch-from-yahoo.ts';
import type { Asker } from './waiting-line.ts';

/**
 * Gathers the questions of a few milliseconds, so that quotes for many clients are fetched in one call. For a process
 * with many clients; a Lambda container has one at a time.
 */
export function batchQuestions(fetchAnswers: FetchFromYahoo, gatherMs: number): FetchFromYahoo {
  let waiting: {
    questions: readonly Question[];
    asker: Asker;
    done: (loaded: Loaded[]) => void;
    fail: (error: unknown) => void;
  }[] = [];
  async function send(): Promise<void> {
    const batch = waiting;
    waiting = [];
    try {
      // On behalf of who can wait longest: the others get what comes.
      const { asker } = batch.reduce((a, b) => (b.asker.patienceMs > a.asker.patienceMs ? b : a));
      const loaded = await fetchAnswers(
        batch.flatMap(({ questions }) => questions),
        asker,
      );
      let from = 0;
      for (const { questions, done } of batch) {
        done(loaded.slice(from, from + questions.length));
        from += questions.length;
      }
    } catch (error) {
      for (const { fail } of batch) fail(error);
    }
  }
  return (questions, asker) => {
    // A chart or a search is always a separate request, and need not wait.
    if (questions.every(({ route }) => route !== quoteRoute.name)) return fetchAnswers(questions, asker);
    return new Promise((done, fail) => {
      waiting.push({ questions, asker, done, fail });
      if (waiting.length === 1) setTimeout(() => void send(), gatherMs);
    });
  };
}
