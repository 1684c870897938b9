/** Stores screenshots and pages of failed attempts for people. */
export interface ArtifactStore {
  /** Stores bytes under a key. An existing key is not overwritten. */
  put(key: string, bytes: Uint8Array, contentType: string): Promise<void>;
}
