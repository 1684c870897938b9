import { useQuery } from '@tanstack/react-query';
import { z } from 'zod';
import { type SessionView, sessionSchema } from '../../../core/contracts/http/operations.ts';
import { change } from './client.ts';
import { sessionQuery } from './queries.ts';
import { endSession, queryClient } from './query-client.ts';

/** Signs in with an API key or a one-time token. The page does not store the key. */
export async function signIn(credential: { key: string } | { token: string }): Promise<SessionView> {
  const { data: session } = await change('POST', '/session', sessionSchema, credential);
  queryClient.setQueryData(sessionQuery.queryKey, session);
  return session;
}

/** Ends the session at the API, then in the page. */
export async function signOut(): Promise<void> {
  await change('DELETE', '/session', z.unknown());
  endSession();
}

/** Reads the one-time token in `#sign-in=<token>` and removes it from the address, the history and copied links. */
export function takeTokenFromAddress(): string | null {
  const token = /^#sign-in=([^&]+)$/.exec(location.hash)?.[1];
  if (token === undefined) return null;
  history.replaceState(history.state, '', location.pathname + location.search);
  try {
    return decodeURIComponent(token);
  } catch {
    return token;
  }
}

/** Why the signed-in key may not do what needs a scope (`operate`, unless given), or `null` if it may. */
export function useRefusal(scope: 'operate' | 'admin' = 'operate'): string | null {
  const session = useQuery(sessionQuery).data;
  if (!session || session.scopes.includes(scope) || session.scopes.includes('admin')) return null;
  const may = session.scopes.includes('operate') ? 'not manage keys' : 'only read';
  return `Your key may ${may}. Sign in with a key of scope “${scope}” to do this.`;
}
