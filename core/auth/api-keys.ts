import { createHash, randomBytes } from 'node:crypto';
import { type Scope, scopes } from '../contracts/words/access.ts';

/** A new API key. `key` is shown once and never stored; `prefix` and `hash` are what the database keeps. */
export interface NewApiKey {
  readonly key: string;
  /** Enough to tell keys apart in a list. */
  readonly prefix: string;
  readonly hash: Buffer;
}

/** Keys and feed tokens begin differently, so that both can be told apart, and masked, wherever they are seen. */
const markers = { key: 'qtr_live_', feed: 'qtr_feed_' } as const;
const pattern = /^qtr_(?:live|feed)_[A-Za-z0-9_-]{43}_[0-9a-f]{6}$/;
/** What begins as a key, complete or not, and as the text of an address may write it. */
const anyKey = /qtr(?:_|%5f)(live|feed)(?:_|%5f)[\w%-]+/gi;

/**
 * `qtr_live_` (of a feed token `qtr_feed_`), 32 random bytes as base64url, and a checksum that tells a mistyped key from
 * a revoked one.
 */
export function createApiKey(kind: keyof typeof markers = 'key'): NewApiKey {
  const body = markers[kind] + randomBytes(32).toString('base64url');
  const key = `${body}_${checksum(body)}`;
  return { key, prefix: key.slice(0, 17), hash: secretHash(key) };
}

/** Whether a text has the form and checksum of a key. Says nothing of whether it is one that was given out. */
export function isApiKey(text: string): boolean {
  return pattern.test(text) && text.endsWith(checksum(text.slice(0, -7)));
}

/** Whether a text begins as a feed token does. */
export function isFeedToken(text: string): boolean {
  return text.startsWith(markers.feed);
}

/** Whether a text begins as a key does that is no feed token. */
export function beginsAsKey(text: string): boolean {
  return text.startsWith(markers.key);
}

/**
 * A text without the secret parts of keys and feed tokens in it.
 *
 * @example
 * maskKeys('no route for qtr_feed_AbCd_12cd34') // 'no route for qtr_feed_***'
 */
export function maskKeys(text: string): string {
  return text.replace(anyKey, (_, kind: string) => `qtr_${kind.toLowerCase()}_***`);
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
