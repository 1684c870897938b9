import * as z from 'zod';

/** Playwright's storage state, as `newContext` takes it. */
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
    z.object({
      origin: z.string(),
      localStorage: z.array(z.object({ name: z.string(), value: z.string() })),
    }),
  ),
});
type StorageState = z.infer<typeof storageStateSchema>;

/** Throws for an invalid text, which cannot happen: it was made by `writeStorageState` and sealed. */
export function readStorageState(text: string): StorageState {
  return storageStateSchema.parse(JSON.parse(text));
}

export function writeStorageState(state: StorageState): string {
  return JSON.stringify(storageStateSchema.parse(state));
}
