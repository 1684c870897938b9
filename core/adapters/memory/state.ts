import { randomUUID } from 'node:crypto';
import type { HeldLogin, StateRequest, StateResponses } from '../../contracts/state.ts';
import type { FeedBinding, Scope } from '../../contracts/words/access.ts';
import type { KeyUse } from '../../contracts/words/licence.ts';
import { countedFrom, decidePermits, type LedgerFacts } from '../../planning/permits.ts';
import type { Clock } from '../../ports/clock.ts';
import type { State } from '../../ports/state.ts';
import { sourceOf } from '../../sources/catalogue.ts';

/** A process without a database was called for something that needs one. */
export class NotSharedError extends Error {
  override readonly name = 'NotSharedError';
  constructor(op: string) {
    super(
      `${op} is for functions that share a database; this process has none. It is a fault in how it was put together.`,
    );
  }
}

type Handlers = {
  [Op in StateRequest['op']]?: (request: Extract<StateRequest, { op: Op }>) => StateResponses[Op];
};

/** A permit as the ledger remembers it; `usedAt` in milliseconds since the epoch. */
interface UsedPermit {
  readonly sourceId: string;
  readonly usedAt: number;
}

/**
 * Permits, holds and sessions of one process without a database: the same quota as the shared ledger, kept while the
 * process lives. It has no tasks and no shared cache, and knows the keys that `keyIdOf` knows.
 */
export function memoryState(
  now: Clock,
  keyIdOf: (key: string) => string | null = () => null,
  usedFor: (keyId: string) => KeyUse = () => 'internal',
  rightsOf: (keyId: string) => { scope: Scope; feed: FeedBinding | null } = () => ({ scope: 'read', feed: null }),
): State {
  let ledger: UsedPermit[] = [];
  const heldUntil = new Map<string, number>();
  const sessions = new Map<string, { sealed: string; expiresAt: string }>();
  const logins = new Map<string, HeldLogin>();
  const renewals = new Map<string, { token: number; until: number }>();
  const iso = (at: number) => new Date(at).toISOString();

  function readLedger(sourceId: string, at: number): LedgerFacts {
    const from = countedFrom(at);
    ledger = ledger.filter(({ usedAt }) => usedAt >= Math.min(from.minute, from.day) && usedAt <= from.latest);
    const uses = ledger.filter((permit) => permit.sourceId === sourceId).map(({ usedAt }) => usedAt);
    return {
      now: at,
      minuteUses: uses.filter((usedAt) => usedAt > from.minute).sort((a, b) => a - b),
      usedToday: uses.filter((usedAt) => usedAt >= from.day).length,
      reserved: 0,
      promised: 0,
      promisedToAttempt: 0,
      lastBegin: uses.length === 0 ? null : Math.max(...uses),
      heldUntil: heldUntil.get(sourceId) ?? null,
      budget: null,
    };
  }

  const handlers: Handlers = {
    takePermits({ sourceId, count, purpose }) {
      const source = sourceOf(sourceId);
      if (!source) return { permits: [], why: 'day_quota', retryAfterSeconds: 0 };
      const at = now();
      const decision = decidePermits(readLedger(sourceId, at), source.quota, { purpose, count });
      if (!decision.granted) return { permits: [], why: decision.why, retryAfterSeconds: decision.retryAfterSeconds };
      ledger.push(...decision.permits.map(({ notBefore }) => ({ sourceId, usedAt: notBefore })));
      const permits = decision.permits.map(({ notBefore, expiresAt }) => ({
        id: randomUUID(),
        takenAt: iso(at),
        notBefore: iso(notBefore),
        expiresAt: iso(expiresAt),
      }));
      return { permits, why: null, retryAfterSeconds: 0 };
    },
    holdSource({ sourceId, seconds }) {
      const until = Math.max(heldUntil.get(sourceId) ?? 0, now() + seconds * 1000);
      heldUntil.set(sourceId, until);
      return { until: iso(until) };
    },
    getSession({ sourceId }) {
      const held = sessions.get(sourceId);
      return { session: held && Date.parse(held.expiresAt) > now() ? held : null, held: loginOnHold(sourceId) };
    },
    acquireRenewal({ sourceId, ttlSeconds }) {
      const held = renewals.get(sourceId);
      const onHold = loginOnHold(sourceId);
      if (onHold || (held && held.until > now())) return { token: null, held: onHold };
      const token = (held?.token ?? 0) + 1;
      renewals.set(sourceId, { token, until: now() + ttlSeconds * 1000 });
      return { token, held: null };
    },
    holdLogin({ sourceId, token, detail, seconds }) {
      if (renewals.get(sourceId)?.token !== token) return { kept: false };
      release(sourceId, token);
      sessions.delete(sourceId);
      logins.set(sourceId, { detail, until: seconds === null ? null : iso(now() + seconds * 1000) });
      return { kept: true };
    },
    putSession({ sourceId, token, sealed, expiresAt }) {
      if (!release(sourceId, token)) return { kept: false };
      sessions.set(sourceId, { sealed, expiresAt });
      return { kept: true };
    },
    checkKey({ key }) {
      const keyId = keyIdOf(key);
      if (keyId === null) return { ok: false, keyId, use: 'redistribute', scope: 'read', feed: null };
      const { scope, feed } = rightsOf(keyId);
      return {
        ok: true,
        keyId,
        use: usedFor(keyId),
        scope,
        feed: feed && { ...feed, routes: [...feed.routes], symbols: feed.symbols && [...feed.symbols] },
      };
    },
    releaseRenewal: ({ sourceId, token }) => ({ released: release(sourceId, token) }),
  };

  function loginOnHold(sourceId: string): HeldLogin | null {
    const held = logins.get(sourceId) ?? null;
    return held?.until && Date.parse(held.until) <= now() ? null : held;
  }

  function release(sourceId: string, token: number): boolean {
    const held = renewals.get(sourceId);
    if (!held || held.token !== token || held.until <= now()) return false;
    renewals.set(sourceId, { token, until: now() });
    return true;
  }

  return {
    async call<Op extends StateRequest['op']>(request: Extract<StateRequest, { op: Op }>): Promise<StateResponses[Op]> {
      const handle: Handlers[Op] = handlers[request.op as Op];
      if (!handle) throw new NotSharedError(request.op);
      return handle(request);
    },
  };
}
