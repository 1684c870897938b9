import * as z from 'zod';

/**
 * What a signed-in client carries: headers (cookies, keys) and query parameters (a crumb, a key) that go on each request,
 * and the storage state of a browser context. All values are secret.
 */
export const sessionSchema = z.object({
  headers: z.record(z.string(), z.string()),
  query: z.record(z.string(), z.string()),
  /** Playwright's storage state as JSON text: cookies and local storage. `null` for sessions without a browser. */
  storageState: z.string().nullable(),
  expiresAt: z.iso.datetime(),
});
export type Session = z.infer<typeof sessionSchema>;

/** Whether two sessions carry the same credentials: a refused one must not be used again. */
export function sameSession(a: Session, b: Session): boolean {
  return JSON.stringify([a.headers, a.query, a.storageState]) === JSON.stringify([b.headers, b.query, b.storageState]);
}

/** The secrets of a session: each header's and parameter's value, and the value of each cookie. */
export function sessionSecrets(session: Session): string[] {
  const cookies = cookieValues(session.headers['cookie'] ?? '');
  const stored = session.storageState === null ? [] : storedValues(session.storageState);
  return [...Object.values(session.headers), ...Object.values(session.query), ...cookies, ...stored];
}

const storageStateSchema = z.object({
  cookies: z.array(z.object({ value: z.string() })).default([]),
  origins: z.array(z.object({ localStorage: z.array(z.object({ value: z.string() })).default([]) })).default([]),
});

function storedValues(storageState: string): string[] {
  const parsed = storageStateSchema.safeParse(JSON.parse(storageState));
  if (!parsed.success) return [storageState];
  const { cookies, origins } = parsed.data;
  return [...cookies, ...origins.flatMap((origin) => origin.localStorage)].map((entry) => entry.value);
}

function cookieValues(header: string): string[] {
  return header.split(/;\s*/).map((pair) => pair.slice(pair.indexOf('=') + 1));
}
