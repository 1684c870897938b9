import { createHash } from 'node:crypto';

/** A weak ETag of a text. */
export function weakEtag(content: string): string {
  return `W/"${createHash('sha256').update(content).digest('base64url').slice(0, 22)}"`;
}

/**
 * Weak comparison (RFC 9110, 13.1.2): the list names the tag, with or without `W/`, or is `*`.
 *
 * @example
 * matchesEtag('"a", W/"b"', '"b"') // true
 * matchesEtag('*', 'W/"b"') // true
 * matchesEtag(undefined, 'W/"b"') // false
 */
export function matchesEtag(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  const bare = etag.replace(/^W\//, '');
  return header.split(',').some((each) => each.trim() === '*' || each.trim().replace(/^W\//, '') === bare);
}
