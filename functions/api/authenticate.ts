import { LRUCache } from 'lru-cache';
import { isApiKey, secretHash } from '../../core/auth/api-keys.ts';
import { ProblemError } from '../../core/http/problem.ts';
import type { Principal } from '../../core/http/route.ts';
import type { ApiKeyStore, HeldKey } from '../../core/ports/api-key-store.ts';
import type { Clock } from '../../core/ports/clock.ts';

/** The cookie of a dashboard session. */
export const sessionCookie = 'qtr_session';

/** How long a container goes on accepting a key after it was revoked elsewhere. */
const cachedMs = 30_000;
const recordUseMs = 60_000;

interface Credentials {
  readonly apiKey: string | undefined;
  readonly session: string | undefined;
}

export interface Authenticator {
  /** Whose credentials these are. A key goes before a cookie. Throws a 401 problem that says what is wrong with them. */
  identify(credentials: Credentials): Promise<Principal>;
  /** Drops a key from this container's cache: it was revoked here. */
  forgetKey(keyId: string): void;
  forgetSession(token: string): void;
}

/**
 * Checks keys and sessions, most of the time from memory: a check by the database is cached for 30 s, so a revocation
 * elsewhere takes effect within that time. Expiry is checked on every request.
 */
export function createAuthenticator(store: ApiKeyStore, clock: Clock): Authenticator {
  const cached = new LRUCache<string, { key: HeldKey; until: number; usedAt: number | null }>({ max: 1_000 });

  async function check(id: string, find: (now: Date) => Promise<HeldKey | null>): Promise<HeldKey | null> {
    const now = clock();
    const known = cached.get(id);
    if (known && known.until > now && !ended(known.key, now)) return known.key;
    const key = await find(new Date(now));
    if (!key) {
      cached.delete(id);
      return null;
    }
    let usedAt = known?.usedAt ?? key.lastUsedAt;
    if (usedAt === null || usedAt <= now - recordUseMs) {
      await store.touch(key.keyId, new Date(now));
      usedAt = now;
    }
    cached.set(id, { key, until: now + cachedMs, usedAt });
    return key;
  }

  return {
    async identify({ apiKey, session }) {
      if (apiKey !== undefined) {
        if (!isApiKey(apiKey))
          throw new ProblemError(
            'invalid_key',
            'The key in x-api-key is malformed: its checksum is wrong. It may have been mistyped.',
          );
        const hash = secretHash(apiKey);
        const key = await check(`key:${hash.toString('hex')}`, (now) => store.findKey(hash, now));
        if (!key)
          throw new ProblemError(
            'invalid_key',
            'The key in x-api-key is unknown, revoked or expired. Make a new one with POST /keys.',
          );
        return { ...key, via: 'key' };
      }
      if (session !== undefined) {
        const hash = secretHash(session);
        const key = await check(`session:${hash.toString('hex')}`, (now) => store.findSession(hash, now));
        if (!key) throw new ProblemError('session_ended', 'Sign in again with POST /session.');
        return { ...key, via: 'session' };
      }
      throw new ProblemError(
        'unauthenticated',
        'Send an API key in the header x-api-key, or sign in with POST /session.',
      );
    },
    forgetKey(keyId) {
      for (const [id, { key }] of cached.entries()) if (key.keyId === keyId) cached.delete(id);
    },
    forgetSession(token) {
      cached.delete(`session:${secretHash(token).toString('hex')}`);
    },
  };
}

function ended(key: HeldKey, now: number): boolean {
  return key.expiresAt !== null && key.expiresAt <= now;
}

/**
 * Refuses a change that a page of another site made with the visitor's cookie. SameSite=Strict already keeps the cookie
 * from such requests in current browsers; this is the second lock.
 *
 * The `Origin` must name the host that was asked: `x-forwarded-host` as a proxy passes it, or `host`. Behind CloudFront
 * `host` is API Gateway's own, so there `Sec-Fetch-Site: same-origin`, which no script can set, says the same.
 */
export function refuseForeignOrigin(header: (name: string) => string | undefined): void {
  const site = header('sec-fetch-site');
  const origin = header('origin');
  const hosts = [header('x-forwarded-host')?.split(',')[0]?.trim(), header('host')];
  const from = origin === undefined ? undefined : hostOf(origin);
  const sameHost = from !== undefined && hosts.includes(from);
  if (sameHost && (site === undefined || site === 'same-origin')) return;
  if (origin !== undefined && site === 'same-origin') return;
  throw new ProblemError(
    'foreign_origin',
    'A change that is signed by the session cookie must come from the dashboard itself: its Origin does not match. Programs use x-api-key.',
  );
}

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}
