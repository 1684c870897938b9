import { createHash, randomBytes } from 'node:crypto';
import { type Scope, scopes } from '../contracts/words/access.ts';

/** A new API key. `key` is shown once and never stored; `prefix` and `hash` are what the database keeps. */
export interface NewApiKey {
  readonly key: string;
  /** Enough to tell keys apart in a list. */
  readonly prefix: string;
  readonly hash: Buffer;
}

const marker = 'qtr_live_';
const pattern = /^qtr_live_[A-Za-z0-9_-]{43}_[0-9a-f]{6}$/;

/** `qtr_live_`, 32 random bytes as base64url, and a checksum that tells a mistyped key from a revoked one. */
export function createApiKey(): NewApiKey {
  const body = marker + randomBytes(32).toString('base64url');
  const key = `${body}_${checksum(body)}`;
  return { key, prefix: key.slice(0, 17), hash: secretHash(key) };
}

/** Whether a text has the form and checksum of a key. Says nothing of whether it is one that was given out. */
export function isApiKey(text: string): boolean {
  return pattern.test(text) && text.endsWith(checksum(text.slice(0, -7)));
}

/** What is stored of a key, a session or a one-time token: SHA-256. They are random, so no salt is needed. */
export function secretHash(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** Whether `held` contains `needed`: admin contains operate contains read. */
export function allows(held: Scope, needed: Scope): boolean {
  return scopes.indexOf(held) >= scopes.indexOf(needed);
}

function checksum(body: string): string {
  return createHash('sha256').update(body).digest('hex').slice(0, 6);
}
