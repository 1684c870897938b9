/*
 * The whole session of a browser: cookies, local storage and IndexedDB as Playwright keeps them, and what a tab alone has,
 * its session storage, by script.
 */
import type { BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import * as z from 'zod';

/** A session has some tokens, not a cache. What is longer than this as JSON is not kept. */
export const longestState = 600_000;
/** Single entries that are longer are the site's caches. */
const longestEntry = 60_000;
const mostOrigins = 20;

const entry = z.object({ name: z.string(), value: z.string() });
/** Playwright's own, in its own form. */
const database = z.looseObject({ name: z.string() });

const storageStateSchema = z.object({
  cookies: z.array(
    z.object({
      name: z.string(),
      value: z.string(),
      domain: z.string(),
      path: z.string(),
      expires: z.number(),
      httpOnly: z.boolean(),
      secure: z.boolean(),
      sameSite: z.enum(['Strict', 'Lax', 'None']),
    }),
  ),
  origins: z.array(
    z.object({ origin: z.string(), localStorage: z.array(entry), indexedDB: z.array(database).optional() }),
  ),
  /** Of the tab that signed in. Absent in what a release before this one kept. */
  sessionStorage: z.array(z.object({ origin: z.string(), entries: z.array(entry) })).default([]),
});
type StorageState = z.infer<typeof storageStateSchema>;
export type SessionStorage = StorageState['sessionStorage'];

/** Throws for an invalid text, which cannot happen: it was made by `keptState` and sealed. */
export function readStorageState(text: string): {
  readonly context: NonNullable<BrowserContextOptions['storageState']>;
  readonly sessionStorage: SessionStorage;
} {
  const { sessionStorage, ...context } = storageStateSchema.parse(JSON.parse(text));
  return { context, sessionStorage };
}

/** What a context has stored, and the tab that signed in; `null` when it is more than is kept. */
export async function keptState(context: BrowserContext, page: Page): Promise<string | null> {
  const { cookies, origins } = storageStateSchema.parse(await storedBy(context));
  const short = ({ name, value }: z.infer<typeof entry>) => name.length + value.length <= longestEntry;
  const state: StorageState = {
    cookies,
    origins: origins.slice(0, mostOrigins).map(({ origin, localStorage, indexedDB = [] }) => {
      const databases = indexedDB.filter((each) => JSON.stringify(each).length <= longestState / 2);
      const items = localStorage.filter(short);
      return { origin, localStorage: items, ...(databases.length > 0 && { indexedDB: databases }) };
    }),
    sessionStorage: (await tabStorage(page)).map(({ origin, entries }) => ({ origin, entries: entries.filter(short) })),
  };
  const text = JSON.stringify(state);
  return text.length > longestState ? null : text;
}

/** A database that cannot be read (blobs, keys of the browser) leaves the rest. */
async function storedBy(context: BrowserContext): Promise<unknown> {
  try {
    return await context.storageState({ indexedDB: true });
  } catch {
    return context.storageState();
  }
}

const tabSchema = z.object({ origin: z.string(), entries: z.array(z.tuple([z.string(), z.string()])) });

/** The session storage of a tab, by the origins of its frames. */
async function tabStorage(page: Page): Promise<SessionStorage> {
  const found = new Map<string, z.infer<typeof entry>[]>();
  for (const frame of page.frames().slice(0, mostOrigins)) {
    const read: unknown = await frame
      .evaluate('({ origin: location.origin, entries: Object.entries(sessionStorage).slice(0, 1000) })')
      // A frame without an origin has none.
      .catch(() => null);
    const tab = tabSchema.safeParse(read);
    if (tab.success && /^https?:/.test(tab.data.origin) && tab.data.entries.length > 0)
      found.set(
        tab.data.origin,
        tab.data.entries.map(([name, value]) => ({ name, value })),
      );
  }
  return [...found].map(([origin, entries]) => ({ origin, entries }));
}

/** Gives each new tab of a context the session storage, before any script of a page runs. */
export async function restoreSessionStorage(context: BrowserContext, storage: SessionStorage): Promise<void> {
  if (storage.length === 0) return;
  const kept = JSON.stringify(Object.fromEntries(storage.map(({ origin, entries }) => [origin, entries])));
  // Once for each tab: what a page changes afterwards stays.
  await context.addInitScript(
    `(() => { try {
      const entries = new Map(Object.entries(${kept})).get(location.origin);
      if (!entries || sessionStorage.length > 0) return;
      for (const { name, value } of entries) sessionStorage.setItem(name, value);
    } catch {} })()`,
  );
}
