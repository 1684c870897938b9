import type { SessionKeeper } from '../../core/auth/session-keeper.ts';
import { quoteQuestion } from '../../core/proxy/read-question.ts';
import type { ProxyDependencies } from './dependencies.ts';

/** Most bytes of bodies in the shared cache. */
const sharedBytes = 64 * 1024 * 1024;

export interface Beat {
  /** Whether Yahoo has a word on the canary: a new one or one being renewed, only a kept one, or none. */
  readonly canary: 'well' | 'kept' | 'none';
  readonly reason: string | null;
  readonly swept: { readonly removed: number; readonly bytes: number } | null;
}

/**
 * Keeps the proxy ready when nobody asks: renews a session that has ended before a client has to wait for it, asks for
 * the canary (which is the trial call of a breaker that was open), and keeps the shared cache within its size.
 */
export async function heartbeat(
  uses: Pick<ProxyDependencies, 'cache' | 'shared' | 'canarySymbol'> & { sessions: SessionKeeper | null },
): Promise<Beat> {
  // A session that cannot be made shows in the canary's answer.
  await uses.sessions?.session();
  const [found] = await uses.cache.find([quoteQuestion(uses.canarySymbol)], 'heartbeat');
  const swept = (await uses.shared?.sweep(sharedBytes)) ?? null;
  const canary = !found?.answer ? 'none' : found.failed ? 'kept' : 'well';
  return { canary, reason: found?.failed?.reason ?? null, swept };
}
