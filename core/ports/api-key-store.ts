import type { FeedBinding, Scope } from '../contracts/words/access.ts';
import type { KeyUse } from '../contracts/words/licence.ts';

/** A valid key: neither revoked nor expired at the given time. */
export interface HeldKey {
  readonly keyId: string;
  readonly name: string;
  readonly scope: Scope;
  readonly use: KeyUse;
  /** What a feed token is bound to; `null` for every other key. */
  readonly feed: FeedBinding | null;
  /** When the key, or the session on it, ends. Milliseconds since the epoch; `null` for a key without an end. */
  readonly expiresAt: number | null;
  readonly lastUsedAt: number | null;
}

/** The public part of a key. */
export interface KeyRecord {
  readonly id: string;
  readonly name: string;
  readonly prefix: string;
  readonly scope: Scope;
  readonly use: KeyUse;
  readonly feed: FeedBinding | null;
  readonly createdAt: Date;
  readonly expiresAt: Date | null;
  readonly lastUsedAt: Date | null;
  readonly revokedAt: Date | null;
}

/** API keys, dashboard sessions and one-time sign-in tokens. All are found by SHA-256; none is stored. */
export interface ApiKeyStore {
  /** The key of a hash, or `null` for one that is unknown, revoked or expired. */
  findKey(hash: Buffer, now: Date): Promise<HeldKey | null>;
  /** The key behind a session that has not ended. `expiresAt` is the session's. */
  findSession(hash: Buffer, now: Date): Promise<HeldKey | null>;
  /** Notes that a key is in use, at most once a minute. */
  touch(keyId: string, now: Date): Promise<void>;
  /** Opens a session on a key. `null` when the key is not valid, or a feed token. Also deletes ended sessions. */
  signInWithKey(keyHash: Buffer, sessionHash: Buffer, now: Date, until: Date): Promise<HeldKey | null>;
  /** Uses up a one-time token and opens a session on its key. Of two that try at once, one gets it. */
  signInWithToken(tokenHash: Buffer, sessionHash: Buffer, now: Date, until: Date): Promise<HeldKey | null>;
  endSession(hash: Buffer): Promise<void>;
  create(key: {
    name: string;
    prefix: string;
    hash: Buffer;
    scope: Scope;
    use: KeyUse;
    feed?: FeedBinding | null;
    now: Date;
    expiresAt: Date | null;
  }): Promise<KeyRecord>;
  /** Every key ever made, newest first. */
  list(): Promise<KeyRecord[]>;
  /** Revokes a key and ends its sessions. `null` when there is none; a key revoked before keeps its time. */
  revoke(id: string, now: Date): Promise<KeyRecord | null>;
}
