/**
 * Yahoo's steps to a session: a page or `fc.yahoo.com` sets the cookies A1, A3 and A1S; `getcrumb` turns them into a
 * crumb; quotes need both. From Europe, and while the fault `consent` is on, there is a consent form in between.
 *
 * Tokens are signed with the seed and need no server state, so a session survives a restart of the simulator, as with
 * the real Yahoo. The real cookies are `Secure; Domain=.yahoo.com`; here there is neither TLS nor that domain, and such
 * a cookie would be discarded.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

const cookie = /^d=([A-Za-z0-9_-]{16})(c?)&S=([A-Za-z0-9_-]{22})$/;

export interface SessionKeeper {
  /** The `set-cookie` values of a new session. */
  issue(consented: boolean): string[];
  /** Whether a request's `cookie` header holds a session, and whether consent was given for it. */
  read(cookieHeader: string | undefined): { readonly value: string; readonly consented: boolean } | null;
  /** The crumb of a session's cookie: eleven characters, sometimes with a slash or a point. */
  crumbOf(value: string): string;
}

/** The sessions of a seed. */
export function sessionsOf(seed: string): SessionKeeper {
  const sign = (text: string) => createHmac('sha256', `yahoo/${seed}`).update(text).digest('base64url');
  return {
    issue(consented) {
      const id = `${randomBytes(12).toString('base64url')}${consented ? 'c' : ''}`;
      const value = `d=${id}&S=${sign(id).slice(0, 22)}`;
      return [
        `A3=${value}; Max-Age=31536000; Path=/; SameSite=Lax; HttpOnly`,
        `A1S=${value}; Path=/; SameSite=Lax`,
        `A1=${value}; Max-Age=31536000; Path=/; SameSite=Lax; HttpOnly`,
      ];
    },
    read(cookieHeader) {
      for (const pair of (cookieHeader ?? '').split(/;\s*/)) {
        if (!pair.startsWith('A3=') && !pair.startsWith('A1=')) continue;
        const value = pair.slice(3);
        const found = cookie.exec(value);
        if (found === null) continue;
        const expected = Buffer.from(sign(`${found[1]}${found[2]}`).slice(0, 22));
        if (timingSafeEqual(expected, Buffer.from(found[3] ?? ''))) return { value, consented: found[2] === 'c' };
      }
      return null;
    },
    crumbOf: (value) => createHmac('sha256', seed).update(value).digest('base64').slice(0, 11).replaceAll('+', '.'),
  };
}
