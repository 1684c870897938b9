/**
 * An error that the user can fix. The message says what happened, what it means and what to do; it is printed without a
 * stack.
 */
export class LocalCloudError extends Error {
  override readonly name = 'LocalCloudError';
}

/** The message of a thrown value. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** The `code` of a Node system error (`EADDRINUSE`, `ENOENT` …), or `undefined`. */
export function codeOf(thrown: unknown): string | undefined {
  return thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : undefined;
}
