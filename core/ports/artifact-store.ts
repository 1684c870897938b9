/** Where pictures and pages of failed attempts are kept, for people to look at. */
export interface ArtifactStore {
  /** Keeps bytes under a key. The same key again is left as it is. */
  put(key: string, bytes: Uint8Array, contentType: string): Promise<void>;
}
