import { MutationCache, QueryCache, QueryClient } from '@tanstack/react-query';
import { forgetAnswers } from './client.ts';
import { requestErrorOf } from './failure.ts';
import { sessionQuery } from './queries.ts';

/** The cache of all reads. A 401 anywhere ends the session in the page too; the address stays, and so does the place. */
export const queryClient: QueryClient = new QueryClient({
  queryCache: new QueryCache({ onError: endSessionOn401 }),
  mutationCache: new MutationCache({ onError: endSessionOn401 }),
  defaultOptions: {
    queries: {
      retry: (count, error) => count < 1 && requestErrorOf(error).retryable,
      retryDelay: 800,
      staleTime: 2_000,
      refetchOnWindowFocus: true,
    },
  },
});

/** To the sign-in, if the API says that nobody is signed in. */
export function endSessionOn401(error: unknown): void {
  if (requestErrorOf(error).status === 401) endSession();
}

/** Forget who is signed in and what they saw. */
export function endSession(): void {
  forgetAnswers();
  queryClient.setQueryData(sessionQuery.queryKey, null);
  queryClient.removeQueries({ predicate: (query) => query.queryKey[0] !== 'session' });
}
