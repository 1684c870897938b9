/** Long-lived secrets. A value is never logged and never put into an error. */
export interface SecretStore {
  /** The string of a secret. Throws when there is none. */
  get(id: string): Promise<string>;
}
