import * as z from 'zod';
import type { Failure } from '../contracts/failure.ts';
import type { Clock } from '../ports/clock.ts';
import type { State } from '../ports/state.ts';
import { loginRefused } from './credentials.ts';
import type { Sealer } from './seal.ts';
import { type Session, sameSession, sessionSchema } from './session.ts';

/**
 * How long a refused login is remembered. Ten workers with a wrong password would be ten failed logins, and sites lock
 * accounts for less. New credentials and a recovery end it at once: both drop what is kept as the session.
 */
const refusalSeconds = 300;
/** How long a renewal may take before another worker may try. */
const renewalSeconds = 60;
/** How often and how long a worker waits for another's renewal. */
const waitMs = 500;
const waits = 40;

/** What is kept in place of a session when the login was refused. */
const refusalSchema = z.strictObject({ refused: z.literal(true) });

export interface SessionKeeper {
  /**
   * The source's session. `rejected` is one that the source just refused: it is renewed, once among all workers, and
   * not handed out again.
   */
  session(rejected?: Session): Promise<Session | Failure>;
}

/**
 * Shares one session among all workers: kept sealed in `state`, renewed by whoever holds the renewal lease while the
 * others wait for the result. A failed renewal is the answer of that worker; the next one tries for itself, but where the
 * login was refused, which is kept in the session's place for some minutes and is the answer of all.
 */
export function sessionKeeper(
  sourceId: string,
  state: State,
  sealer: Sealer,
  renew: () => Promise<Session | Failure>,
  now: Clock,
  wait: (ms: number) => Promise<void>,
): SessionKeeper {
  const stored = async (rejected?: Session): Promise<Session | Failure | null> => {
    const { session } = await state.ask({ op: 'getSession', sourceId });
    const opened = session && sealer.open(session.sealed, sourceId);
    if (!opened || Date.parse(session.expiresAt) <= now()) return null;
    const kept: unknown = JSON.parse(opened);
    if (refusalSchema.safeParse(kept).success) return loginRefused;
    const parsed = sessionSchema.safeParse(kept);
    if (!parsed.success || Date.parse(parsed.data.expiresAt) <= now()) return null;
    return rejected && sameSession(parsed.data, rejected) ? null : parsed.data;
  };
  const keep = (token: number, content: unknown, expiresAt: string) =>
    state.ask({ op: 'putSession', sourceId, token, sealed: sealer.seal(JSON.stringify(content), sourceId), expiresAt });
  return {
    async session(rejected) {
      for (let attempt = 0; attempt < waits; attempt++) {
        const held = await stored(rejected);
        if (held) return held;
        const { token } = await state.ask({ op: 'acquireRenewal', sourceId, ttlSeconds: renewalSeconds });
        if (token !== null) {
          // Another worker may have renewed between the look and the lease.
          const found = await stored(rejected);
          const renewed = found ?? (await renew());
          if ('reason' in renewed) {
            if (renewed.detail.code === loginRefused.detail.code && found === null)
              await keep(token, { refused: true }, new Date(now() + refusalSeconds * 1000).toISOString());
            else await state.ask({ op: 'releaseRenewal', sourceId, token });
            return renewed;
          }
          if (rejected && sameSession(renewed, rejected)) {
            await state.ask({ op: 'releaseRenewal', sourceId, token });
            return {
              reason: 'auth_expired',
              detail: { code: 'credentials_refused' },
              message: 'The source refuses the credentials that are set for it.',
            };
          }
          await keep(token, renewed, renewed.expiresAt);
          return renewed;
        }
        await wait(waitMs);
      }
      return {
        reason: 'auth_expired',
        detail: { code: 'renewal_stuck' },
        message: 'Another worker has been renewing the session for too long.',
      };
    },
  };
}
