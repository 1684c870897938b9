import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

const algorithm = 'aes-256-gcm';
const version = 'v1';

/** Encrypts what only functions outside the VPC may read: the database keeps it and cannot open it. */
export interface Sealer {
  /** `context` is authenticated: what was sealed for one source does not open for another. */
  seal(plain: string, context: string): string;
  /** The plain text, or `null` when it was sealed by another key, for another context, or was changed. */
  open(sealed: string, context: string): string | null;
}

/**
 * AES-256-GCM under a key derived (HKDF-SHA-256) from a secret of Secrets Manager, a new nonce each time.
 *
 * @example
 * createSealer('k'.repeat(64)).open(createSealer('k'.repeat(64)).seal('cookie', 'yahoo'), 'yahoo') // 'cookie'
 * createSealer('k'.repeat(64)).open(createSealer('k'.repeat(64)).seal('cookie', 'yahoo'), 'coingecko') // null
 */
export function createSealer(secret: string): Sealer {
  const key = Buffer.from(hkdfSync('sha256', secret, '', 'quotron/session/v1', 32));
  return {
    seal(plain, context) {
      const nonce = randomBytes(12);
      const cipher = createCipheriv(algorithm, key, nonce).setAAD(Buffer.from(context));
      const body = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()]);
      return [
        version,
        nonce.toString('base64url'),
        cipher.getAuthTag().toString('base64url'),
        body.toString('base64url'),
      ].join('.');
    },
    open(sealed, context) {
      const [form, nonce, tag, body] = sealed.split('.');
      if (form !== version || !nonce || !tag || body === undefined) return null;
      try {
        const decipher = createDecipheriv(algorithm, key, Buffer.from(nonce, 'base64url'), { authTagLength: 16 })
          .setAAD(Buffer.from(context))
          .setAuthTag(Buffer.from(tag, 'base64url'));
        return Buffer.concat([decipher.update(Buffer.from(body, 'base64url')), decipher.final()]).toString('utf8');
      } catch {
        return null;
      }
    },
  };
}
