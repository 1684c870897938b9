/** Long-lived secrets. A value is never logged and never put into an error. */
export interface SecretStore {
  /** The string of a secret. Throws when there is none. */
  get(id: string): Promise<string>;
  /** The string that a secret has right now, never remembered; `null` when it has none. */
  current(id: string): Promise<string | null>;
}

/** Where a secret is set and never read: for the one function that takes credentials from people. */
export interface SecretWriter {
  put(id: string, value: string): Promise<void>;
}
