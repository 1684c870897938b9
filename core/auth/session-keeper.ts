import * as z from 'zod';
import { type Failure, failureSchema } from '../contracts/failure.ts';
import type { SealedSession } from '../contracts/state.ts';
import type { Clock } from '../ports/clock.ts';
import type { State } from '../ports/state.ts';
import { loginRefused } from './credentials.ts';
import { holdOf, onHold } from './login-states.ts';
import type { Sealer } from './seal.ts';
import { type Session, sameSession, sessionSchema } from './session.ts';

/**
 * How long a refused login is remembered. Ten workers with a wrong password would be ten failed logins, and sites lock
 * accounts for less. New credentials and a recovery end it at once: both drop what is kept as the session.
 */
const refusalSeconds = 300;
/** How long a renewal may take before another worker may try, unless it needs a browser, which takes longer to start. */
const usualRenewalSeconds = 60;
/** How often and how long a worker waits for another's renewal. */
const waitMs = 500;
const waits = 40;

/** What is kept in place of a session when the login was refused. A release before this one kept no failure. */
const refusalSchema = z.strictObject({ refused: z.literal(true), failure: failureSchema.default(loginRefused) });

/** Failures of a login that another one, at once, would only repeat. */
const remembered: ReadonlySet<string> = new Set(['login_refused', 'login_not_kept', 'consent_refused']);

export interface SessionKeeper {
  /** The source's session. `stored` is what `beginAttempt` gave (`null`: none is stored), which saves looking it up. */
  session(stored?: SealedSession | null): Promise<Session | Failure>;
  /** Another session than one that the source has just refused: it is renewed, once among all workers. */
  renewed(rejected: Session): Promise<Session | Failure>;
}

/**
 * Shares one session among all workers: kept sealed in `state`, renewed by the holder of the renewal lease while the
 * others wait for the result. A failed renewal fails that worker only, and the next one tries for itself; but a refused
 * login is kept in the session's place for some minutes, and fails all. A login that needs a person is put on hold in
 * `state`: nobody logs in before that person continues, or sets credentials.
 *
 * @example
 * const keeper = sessionKeeper('yahoo', state, createSealer(secret), logIn, Date.now, sleep); const session = await
 * keeper.session(); if ('reason' in session) return session; // a Failure // … the source answers 401: const other =
 * await keeper.renewed(session);
 */
export function sessionKeeper(
  sourceId: string,
  state: State,
  sealer: Sealer,
  renew: () => Promise<Session | Failure>,
  now: Clock,
  wait: (ms: number) => Promise<void>,
  renewalSeconds = usualRenewalSeconds,
): SessionKeeper {
  const open = (session: SealedSession | null, rejected?: Session): Session | Failure | null => {
    const opened = session && sealer.open(session.sealed, sourceId);
    if (!opened || Date.parse(session.expiresAt) <= now()) return null;
    const kept: unknown = JSON.parse(opened);
    const refusal = refusalSchema.safeParse(kept);
    if (refusal.success) return refusal.data.failure;
    const parsed = sessionSchema.safeParse(kept);
    if (!parsed.success || Date.parse(parsed.data.expiresAt) <= now()) return null;
    return rejected && sameSession(parsed.data, rejected) ? null : parsed.data;
  };
  const look = async (rejected?: Session) => {
    const { session, held } = await state.call({ op: 'getSession', sourceId });
    return held ? onHold(held) : open(session, rejected);
  };
  const keep = (token: number, content: unknown, expiresAt: string) =>
    state.call({
      op: 'putSession',
      sourceId,
      token,
      sealed: sealer.seal(JSON.stringify(content), sourceId),
      expiresAt,
    });
  async function currentOrNew(known?: SealedSession | null, rejected?: Session): Promise<Session | Failure> {
    for (let attempt = 0; attempt < waits; attempt++) {
      const isKnown = attempt === 0 && known !== undefined;
      const held = isKnown ? open(known, rejected) : await look(rejected);
      if (held) return held;
      const { token, held: onHoldNow } = await state.call({
        op: 'acquireRenewal',
        sourceId,
        ttlSeconds: renewalSeconds,
      });
      if (onHoldNow) return onHold(onHoldNow);
      if (token === null) {
        await wait(waitMs);
        continue;
      }
      // Another worker may have renewed it between the look and the lease.
      const found = await look(rejected);
      const fresh = found ?? (await renew());
      if ('reason' in fresh) {
        const hold = found === null ? holdOf(fresh, now()) : null;
        if (hold) await state.call({ op: 'holdLogin', sourceId, token, detail: fresh.detail, ...hold });
        else if (found === null && remembered.has(fresh.detail.code))
          await keep(token, { refused: true, failure: fresh }, new Date(now() + refusalSeconds * 1000).toISOString());
        else await state.call({ op: 'releaseRenewal', sourceId, token });
        return fresh;
      }
      if (rejected && sameSession(fresh, rejected)) {
        await state.call({ op: 'releaseRenewal', sourceId, token });
        return {
          reason: 'auth_expired',
          detail: { code: 'credentials_refused' },
          message: 'The source refuses the credentials that are set for it.',
        };
      }
      await keep(token, fresh, fresh.expiresAt);
      return fresh;
    }
    return {
      reason: 'auth_expired',
      detail: { code: 'renewal_stuck' },
      message: 'Another worker has been renewing the session for too long.',
    };
  }
  return {
    session: (stored) => currentOrNew(stored),
    renewed: (rejected) => currentOrNew(undefined, rejected),
  };
}
