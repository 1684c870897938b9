import type { Clock } from '../ports/clock.ts';
import type { State } from '../ports/state.ts';
import type { Failure } from '../sources/parser.ts';
import type { Sealer } from './seal.ts';
import { type Session, sameSession, sessionSchema } from './session.ts';

/** How long a renewal may take before another worker may try. */
const renewalSeconds = 60;
/** How often and how long a worker waits for another's renewal. */
const waitMs = 500;
const waits = 40;

export interface SessionKeeper {
  /**
   * The source's session. `rejected` is one that the source just refused: it is renewed, once among all workers, and
   * not handed out again.
   */
  session(rejected?: Session): Promise<Session | Failure>;
}

/**
 * Shares one session among all workers: kept sealed in `state`, renewed by whoever holds the renewal lease while the
 * others wait for the result. A failed renewal is the answer of that worker; the next one tries for itself.
 */
export function sessionKeeper(
  sourceId: string,
  state: State,
  sealer: Sealer,
  renew: () => Promise<Session | Failure>,
  now: Clock,
  wait: (ms: number) => Promise<void>,
): SessionKeeper {
  const stored = async (rejected?: Session): Promise<Session | null> => {
    const { session } = await state.ask({ op: 'getSession', sourceId });
    const opened = session && sealer.open(session.sealed, sourceId);
    if (!opened) return null;
    const parsed = sessionSchema.safeParse(JSON.parse(opened));
    if (!parsed.success || Date.parse(parsed.data.expiresAt) <= now()) return null;
    return rejected && sameSession(parsed.data, rejected) ? null : parsed.data;
  };
  return {
    async session(rejected) {
      for (let attempt = 0; attempt < waits; attempt++) {
        const held = await stored(rejected);
        if (held) return held;
        const { token } = await state.ask({ op: 'acquireRenewal', sourceId, ttlSeconds: renewalSeconds });
        if (token !== null) {
          // Another worker may have renewed between the look and the lease.
          const renewed = (await stored(rejected)) ?? (await renew());
          if ('reason' in renewed) {
            await state.ask({ op: 'releaseRenewal', sourceId, token });
            return renewed;
          }
          if (rejected && sameSession(renewed, rejected)) {
            await state.ask({ op: 'releaseRenewal', sourceId, token });
            return { reason: 'auth_expired', message: 'The source refuses the credentials that are set for it.' };
          }
          await state.ask({
            op: 'putSession',
            sourceId,
            token,
            sealed: sealer.seal(JSON.stringify(renewed), sourceId),
            expiresAt: renewed.expiresAt,
          });
          return renewed;
        }
        await wait(waitMs);
      }
      return { reason: 'auth_expired', message: 'Another worker has been renewing the session for too long.' };
    },
  };
}
