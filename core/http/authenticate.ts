import { LRUCache } from 'lru-cache';
import { isApiKey, secretHash } from '../auth/api-keys.ts';
import type { ApiKeyStore, HeldKey } from '../ports/api-key-store.ts';
import type { Clock } from '../ports/clock.ts';
import { type GivenKey, mayStandInPath, pathKeyHelp } from './given-key.ts';
import { ProblemError } from './problem.ts';
import { type Call, type Principal, secureSessionCookie } from './route.ts';

/**
 * The name of the cookie of a dashboard session. Over https no other host of the domain can set it. Without https it is a
 * laptop, where several clouds share the host 127.0.0.1 and cookies know no port: so the name has it.
 */
export function sessionCookie({ https, header }: Pick<Call, 'https' | 'header'>): string {
  if (https) return secureSessionCookie;
  const host = header('x-forwarded-host')?.split(',')[0]?.trim() ?? header('host') ?? '';
  return `qtr_session_${URL.parse(`http://${host}`)?.port || '80'}`;
}

/** How long a container goes on accepting a key after it was revoked elsewhere. */
const cachedMs = 30_000;
const recordUseMs = 60_000;

export interface Credentials {
  readonly apiKey: GivenKey | undefined;
  readonly session: string | undefined;
}

export interface Authenticator {
  /** Whose credentials these are. A key goes before a cookie. Throws a 401 problem that says what is wrong with them. */
  identify(credentials: Credentials): Promise<Principal>;
  /** Whether credentials that were identified still are somebody's. Asks the database each time. */
  stillHeld(credentials: Credentials): Promise<boolean>;
  /** Drops a key from this container's cache: it was revoked here. */
  forgetKey(keyId: string): void;
}

/**
 * Checks keys and sessions. A key that the database has found is cached for 30 s, so a revocation elsewhere takes effect
 * within that time; one that it has not found stays unknown, so a client that keeps sending it costs no more queries.
 * Sessions are looked up each time: signing out takes effect everywhere at once. Expiry is checked on every request.
 */
export function createAuthenticator(store: ApiKeyStore, clock: Clock): Authenticator {
  const cached = new LRUCache<string, { key: HeldKey; until: number; usedAt: number | null }>({ max: 1_000 });
  const unknown = new LRUCache<string, true>({ max: 10_000 });

  async function keyOf(hash: Buffer): Promise<HeldKey | null> {
    const id = hash.toString('base64');
    const now = clock();
    const known = cached.get(id);
    if (known && known.until > now && !ended(known.key, now)) return known.key;
    if (unknown.has(id)) return null;
    const key = await store.findKey(hash, new Date(now));
    if (!key) {
      cached.delete(id);
      unknown.set(id, true);
      return null;
    }
    const usedAt = await noteUse(key, known?.usedAt ?? key.lastUsedAt, now);
    cached.set(id, { key, until: now + cachedMs, usedAt });
    return key;
  }

  async function sessionOf(hash: Buffer): Promise<HeldKey | null> {
    const now = clock();
    const key = await store.findSession(hash, new Date(now));
    if (key) await noteUse(key, key.lastUsedAt, now);
    return key;
  }

  async function noteUse(key: HeldKey, usedAt: number | null, now: number): Promise<number> {
    if (usedAt !== null && usedAt > now - recordUseMs) return usedAt;
    await store.touch(key.keyId, new Date(now));
    return now;
  }

  return {
    async identify({ apiKey, session }) {
      if (apiKey !== undefined) {
        if (!isApiKey(apiKey.key))
          throw new ProblemError(
            'invalid_key',
            'The API key is malformed: its checksum is wrong. It may have been mistyped.',
          );
        const key = await keyOf(secretHash(apiKey.key));
        if (!key)
          throw new ProblemError(
            'invalid_key',
            'The API key is unknown, revoked or expired. Make a new one with POST /keys.',
          );
        if (apiKey.inPath && !mayStandInPath(key)) throw new ProblemError('invalid_key', pathKeyHelp);
        return { ...key, via: 'key' };
      }
      if (session !== undefined) {
        const key = await sessionOf(secretHash(session));
        if (!key) throw new ProblemError('session_ended', 'Sign in again with POST /session.');
        return { ...key, via: 'session' };
      }
      throw new ProblemError(
        'unauthenticated',
        'Send an API key in the header x-api-key or as Authorization: Bearer, or sign in with POST /session.',
      );
    },
    async stillHeld({ apiKey, session }) {
      const now = new Date(clock());
      if (apiKey !== undefined) return (await store.findKey(secretHash(apiKey.key), now)) !== null;
      return session !== undefined && (await store.findSession(secretHash(session), now)) !== null;
    },
    forgetKey(keyId) {
      for (const [id, { key }] of cached.entries()) if (key.keyId === keyId) cached.delete(id);
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
 * The `Origin` must name the host that was asked: `x-forwarded-host` as a proxy and CloudFront pass it, or `host`.
 * `Sec-Fetch-Site: same-origin`, which no script can set, says the same.
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
    'A change that is signed by the session cookie must come from the dashboard itself: its Origin does not match. Programs send a key.',
  );
}

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}
