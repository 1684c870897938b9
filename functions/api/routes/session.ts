import { randomBytes } from 'node:crypto';
import { isApiKey, isFeedToken, secretHash } from '../../../core/auth/api-keys.ts';
import { type SessionView, sessionSchema, signInSchema } from '../../../core/contracts/http/operations.ts';
import { type Scope, scopes } from '../../../core/contracts/words/access.ts';
import type { KeyUse } from '../../../core/contracts/words/licence.ts';
import { refuseForeignOrigin, sessionCookie } from '../../../core/http/authenticate.ts';
import { ProblemError } from '../../../core/http/problem.ts';
import type { RateLimiter } from '../../../core/http/rate-limit.ts';
import { type Call, type Reply, type Route, route } from '../../../core/http/route.ts';
import type { ApiKeyStore } from '../../../core/ports/api-key-store.ts';

const lifeMs = 12 * 3600_000;
/** The `expiresAt` of a key without an end. */
const endless = Date.UTC(9999, 11, 31);
const tag = 'Session';

/** Signing in to the dashboard: a key or a one-time token becomes a cookie that no script can read. */
export function sessionRoutes(use: { keys: ApiKeyStore; failedSignIns: RateLimiter }): Route[] {
  const signIn = route(
    {
      method: 'post',
      path: '/session',
      access: 'public',
      shows: 'nothing',
      tag,
      summary: 'Sign in with an API key or a one-time token',
      description:
        'Sets a cookie (HttpOnly, SameSite=Strict) for 12 hours, or until the key expires. A one-time token works once. After 10 failed sign-ins from one address, and then more than one in 5 seconds, failures are a 429; what is right is always let in.',
      body: signInSchema,
      data: sessionSchema,
      problems: ['sign_in_refused', 'foreign_origin', 'rate_limited'],
    },
    async ({ body, call }) => {
      // A page of another site must not sign a visitor in as someone else either. Programs send no Origin.
      if (call.header('origin') !== undefined) refuseForeignOrigin(call.header);
      const session = randomBytes(32).toString('base64url');
      const now = new Date(call.now);
      const until = new Date(call.now + lifeMs);
      const held = await ('key' in body
        ? isApiKey(body.key) && !isFeedToken(body.key)
          ? use.keys.signInWithKey(secretHash(body.key), secretHash(session), now, until)
          : null
        : use.keys.signInWithToken(secretHash(body.token), secretHash(session), now, until));
      if (!held) {
        const wait = use.failedSignIns.take(call.address);
        if (wait > 0)
          throw new ProblemError('rate_limited', `Too many failed sign-ins from this address. Wait ${wait} s.`, {
            headers: { 'retry-after': String(wait) },
          });
        throw new ProblemError(
          'sign_in_refused',
          'key' in body
            ? isFeedToken(body.key)
              ? 'A feed token signs nobody in: it reads the routes that it is bound to.'
              : 'The key is unknown, revoked or expired, or was mistyped.'
            : 'The token was used already or is too old. Sign in with an API key, or run npm start again for a new token.',
        );
      }
      return answer(held, { 'set-cookie': cookie(session, lifeMs / 1000, call) });
    },
  );

  const who = route(
    {
      method: 'get',
      path: '/session',
      access: 'read',
      shows: 'nothing',
      tag,
      summary: 'Who is signed in',
      data: sessionSchema,
    },
    ({ call }) => {
      const { principal } = call;
      if (!principal) throw new ProblemError('unauthenticated', 'Sign in with POST /session.');
      return answer(principal);
    },
  );

  const signOut = route(
    {
      method: 'delete',
      path: '/session',
      access: 'public',
      shows: 'nothing',
      tag,
      summary: 'Sign out',
      description: 'Ends the session everywhere at once.',
      status: 204,
      problems: ['foreign_origin'],
    },
    async ({ call }) => {
      const session = call.cookie(sessionCookie(call));
      if (session !== undefined) {
        refuseForeignOrigin(call.header);
        await use.keys.endSession(secretHash(session));
      }
      return { kind: 'empty', headers: { 'set-cookie': cookie('', 0, call) } };
    },
  );

  return [signIn, who, signOut];
}

function answer(
  held: { name: string; scope: Scope; use: KeyUse; expiresAt: number | null },
  headers: Record<string, string> = {},
): Reply {
  const data: SessionView = {
    name: held.name,
    scopes: scopes.slice(0, scopes.indexOf(held.scope) + 1),
    use: held.use,
    expiresAt: new Date(held.expiresAt ?? endless).toISOString(),
  };
  return { kind: 'data', data, headers, maxAge: null };
}

function cookie(value: string, maxAge: number, call: Call): string {
  const parts = [`${sessionCookie(call)}=${value}`, 'Path=/', `Max-Age=${maxAge}`, 'HttpOnly', 'SameSite=Strict'];
  return [...parts, ...(call.https ? ['Secure'] : [])].join('; ');
}
