import * as z from 'zod';

/**
 * What a signed-in client carries: headers (cookies, keys) and query parameters (a crumb, a key) that go on each request,
 * and the storage state of a browser context. All values are secret.
 */
export const sessionSchema = z.object({
  headers: z.record(z.string(), z.string()),
  query: z.record(z.string(), z.string()),
  /** All that a browser stored, as JSON text. `null` for sessions without a browser. */
  storageState: z.string().nullable(),
  expiresAt: z.iso.datetime(),
});
export type Session = z.infer<typeof sessionSchema>;

/** Whether two sessions carry the same credentials: a refused one must not be used again. */
export function sameSession(a: Session, b: Session): boolean {
  return JSON.stringify([a.headers, a.query, a.storageState]) === JSON.stringify([b.headers, b.query, b.storageState]);
}

/** The secrets of a session: the value of each header, parameter and cookie, and of what a browser stored besides. */
export function sessionSecrets(session: Session): string[] {
  const cookies = cookieValues(session.headers['cookie'] ?? '');
  const stored = session.storageState === null ? [] : storedValues(session.storageState);
  return [...Object.values(session.headers), ...Object.values(session.query), ...cookies, ...stored];
}

const entries = z.array(z.object({ value: z.string() })).default([]);
const records = z.array(z.object({ records: z.array(z.unknown()).default([]) })).default([]);
const storageStateSchema = z.object({
  cookies: entries,
  origins: z
    .array(z.object({ localStorage: entries, indexedDB: z.array(z.object({ stores: records })).default([]) }))
    .default([]),
  sessionStorage: z.array(z.object({ entries })).default([]),
});

function storedValues(storageState: string): string[] {
  const parsed = storageStateSchema.safeParse(JSON.parse(storageState));
  if (!parsed.success) return [storageState];
  const { cookies, origins, sessionStorage } = parsed.data;
  const items = [...origins.flatMap((origin) => origin.localStorage), ...sessionStorage.flatMap((tab) => tab.entries)];
  const stores = origins.flatMap(({ indexedDB }) => indexedDB.flatMap((database) => database.stores));
  return [
    ...[...cookies, ...items].map((entry) => entry.value),
    ...items.flatMap(({ value }) => tokensIn(parsedJson(value))),
    ...stores.flatMap((store) => tokensIn(store.records)),
  ];
}

/** Shorter texts within what a site stores are no tokens, and words of its pages perhaps. */
const shortestToken = 16;
const mostTokens = 500;

/** The long texts anywhere in a stored value. */
function tokensIn(value: unknown): string[] {
  const found: string[] = [];
  const pending: unknown[] = [value];
  while (pending.length > 0 && found.length < mostTokens) {
    const next = pending.pop();
    if (typeof next === 'string' && next.length >= shortestToken) found.push(next);
    else if (typeof next === 'object' && next !== null) pending.push(...Object.values(next));
  }
  return found;
}

function parsedJson(text: string): unknown {
  if (!/^[[{"]/.test(text)) return null;
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function cookieValues(header: string): string[] {
  return header.split(/;\s*/).map((pair) => pair.slice(pair.indexOf('=') + 1));
}
