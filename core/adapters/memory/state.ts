import { randomUUID } from 'node:crypto';
import type { Permit, StateRequest, StateResponses } from '../../contracts/state.ts';
import { allowanceFor } from '../../planning/quota.ts';
import type { Clock } from '../../ports/clock.ts';
import type { State } from '../../ports/state.ts';
import { sourceOf } from '../../sources/catalogue.ts';

/** Asked of a process on its own what only the database can do. */
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

const lifeMs = 120_000;
/** As in the database's ledger: two seconds more than the minute, for the way to the upstream. */
const minuteMs = 62_000;

interface Held extends Permit {
  readonly sourceId: string;
  usedAt: number | null;
}

/**
 * Permits, holds and sessions of one process without a database: the same quota as the shared ledger, kept for as long
 * as the process lives. Tasks and the shared cache it has not, and of keys those that `keyIdOf` knows.
 */
export function memoryState(now: Clock, keyIdOf: (key: string) => string | null = () => null): State {
  const permits = new Map<string, Held>();
  const heldUntil = new Map<string, number>();
  const sessions = new Map<string, { sealed: string; expiresAt: string }>();
  const renewals = new Map<string, { token: number; until: number }>();
  const iso = (at: number) => new Date(at).toISOString();
  const secondsHeld = (sourceId: string) => Math.max(0, Math.ceil(((heldUntil.get(sourceId) ?? 0) - now()) / 1000));

  /** Those that count against the day, which the minute is a part of. */
  function counted(sourceId: string): Held[] {
    const at = now();
    const midnight = Math.floor(at / 86_400_000) * 86_400_000;
    const from = Math.min(midnight, at - minuteMs);
    for (const [id, permit] of permits)
      if (permit.usedAt === null ? Date.parse(permit.expiresAt) <= at : permit.usedAt < from) permits.delete(id);
    return [...permits.values()].filter((permit) => permit.sourceId === sourceId);
  }

  const handlers: Handlers = {
    reservePermits({ sourceId, count, purpose }) {
      const source = sourceOf(sourceId);
      const no = (why: 'held' | 'day_quota' | 'minute_quota', seconds: number) => ({
        permits: [],
        why,
        retryAfterSeconds: seconds,
      });
      if (!source) return no('day_quota', 0);
      const held = secondsHeld(sourceId);
      if (held > 0) return no('held', held);
      const at = now();
      const allowance = allowanceFor(source.quota, purpose);
      const all = counted(sourceId);
      const today = Math.floor(at / 86_400_000) * 86_400_000;
      if (all.filter(({ usedAt }) => usedAt === null || usedAt >= today).length + count > allowance.perDay)
        return no('day_quota', Math.ceil((today + 86_400_000 - at) / 1000));
      const recent = all.filter(({ usedAt }) => usedAt === null || usedAt > at - minuteMs);
      if (recent.length + count > allowance.perMinute) {
        const oldest = Math.min(...recent.map(({ usedAt }) => usedAt ?? at));
        return no('minute_quota', Math.max(1, Math.ceil((oldest + minuteMs - at) / 1000)));
      }
      const made = Array.from({ length: count }, () => ({
        id: randomUUID(),
        notBefore: iso(at),
        expiresAt: iso(at + lifeMs),
      }));
      for (const permit of made) permits.set(permit.id, { ...permit, sourceId, usedAt: null });
      return { permits: made, why: null, retryAfterSeconds: 0 };
    },
    usePermit({ permitId }) {
      const permit = permits.get(permitId);
      const no = (why: 'unknown' | 'used' | 'held' | 'expired', seconds = 0) => ({
        ok: false,
        why,
        retryAfterSeconds: seconds,
      });
      if (!permit) return no('unknown');
      if (permit.usedAt !== null) return no('used');
      const held = secondsHeld(permit.sourceId);
      if (held > 0) return no('held', held);
      if (Date.parse(permit.expiresAt) <= now()) return no('expired');
      permit.usedAt = now();
      return { ok: true, why: null, retryAfterSeconds: 0 };
    },
    holdSource({ sourceId, seconds }) {
      const until = Math.max(heldUntil.get(sourceId) ?? 0, now() + seconds * 1000);
      heldUntil.set(sourceId, until);
      return { until: iso(until) };
    },
    getSession({ sourceId }) {
      const held = sessions.get(sourceId);
      return { session: held && Date.parse(held.expiresAt) > now() ? held : null };
    },
    acquireRenewal({ sourceId, ttlSeconds }) {
      const held = renewals.get(sourceId);
      if (held && held.until > now()) return { token: null };
      const token = (held?.token ?? 0) + 1;
      renewals.set(sourceId, { token, until: now() + ttlSeconds * 1000 });
      return { token };
    },
    putSession({ sourceId, token, sealed, expiresAt }) {
      if (!release(sourceId, token)) return { kept: false };
      sessions.set(sourceId, { sealed, expiresAt });
      return { kept: true };
    },
    checkKey({ key }) {
      const keyId = keyIdOf(key);
      return { ok: keyId !== null, keyId };
    },
    releaseRenewal: ({ sourceId, token }) => ({ released: release(sourceId, token) }),
  };

  function release(sourceId: string, token: number): boolean {
    const held = renewals.get(sourceId);
    if (!held || held.token !== token || held.until <= now()) return false;
    renewals.set(sourceId, { token, until: now() });
    return true;
  }

  return {
    async ask<Op extends StateRequest['op']>(request: Extract<StateRequest, { op: Op }>): Promise<StateResponses[Op]> {
      const handle: Handlers[Op] = handlers[request.op as Op];
      if (!handle) throw new NotSharedError(request.op);
      return handle(request);
    },
  };
}
