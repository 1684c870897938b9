import { MutationCache, QueryCache, QueryClient } from '@tanstack/react-query';
import { forgetAnswers } from './client.ts';
import { requestErrorOf } from './failure.ts';
import { sessionQuery } from './queries.ts';

/** The cache of all reads. A 401 from any request ends the session in the page; the address stays. */
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

/** Shows the sign-in page when the API answered 401. */
export function endSessionOn401(error: unknown): void {
  const { status, code } = requestErrorOf(error);
  // A key that somebody typed beside the session says nothing about the session.
  if (status === 401 && code !== 'invalid_key') endSession();
}

/** Drops the session and all cached data. */
export function endSession(): void {
  forgetAnswers();
  queryClient.setQueryData(sessionQuery.queryKey, null);
  queryClient.removeQueries({ predicate: (query) => query.queryKey[0] !== 'session' });
}
