import {
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
} from 'node:crypto';
import { createSealer } from './seal.ts';

/*
 * Sealing by whoever knows a public key, for functions inside the VPC, which must not be able to open what they store.
 * X25519 with a key of its own for each text, HKDF-SHA-256, then AES-256-GCM (seal.ts).
 */

const version = 'p1';

/** What stands before the 32 bytes of an X25519 key in its DER forms (RFC 8410). */
const privateHead = Buffer.from('302e020100300506032b656e04220420', 'hex');
const publicHead = Buffer.from('302a300506032b656e032100', 'hex');

/** The half of a key that opens what was sealed to the other half. */
export interface Opener {
  /** What seals to this opener: not a secret. */
  readonly publicKey: string;
  /** The plain text, or `null` when it was sealed to another key, for another context, or was changed. */
  open(sealed: string, context: string): string | null;
}

/** The opener that a secret of Secrets Manager makes: the same secret makes the same key. */
export function createOpener(secret: string): Opener {
  const seed = Buffer.from(hkdfSync('sha256', secret, '', 'quotron/alerts/v1', 32));
  const privateKey = createPrivateKey({ key: Buffer.concat([privateHead, seed]), format: 'der', type: 'pkcs8' });
  const publicKey = rawOf(createPublicKey(privateKey));
  return {
    publicKey,
    open(sealed, context) {
      const [form, sender, body] = sealed.split(':');
      if (form !== version || !sender || !body) return null;
      try {
        const shared = diffieHellman({ privateKey, publicKey: keyOf(sender) });
        return createSealer(secretOf(shared, sender, publicKey)).open(body, context);
      } catch {
        return null;
      }
    },
  };
}

/**
 * Seals a text so that only the holder of the other half of `publicKey` can open it. `context` is authenticated: what was
 * sealed for one channel does not open for another.
 *
 * @example
 * const opener = createOpener('k'.repeat(64));
 * opener.open(sealTo(opener.publicKey, 'whsec_…', 'channel 1'), 'channel 1') // 'whsec_…'
 */
export function sealTo(publicKey: string, plain: string, context: string): string {
  const own = generateKeyPairSync('x25519');
  const sender = rawOf(own.publicKey);
  const shared = diffieHellman({ privateKey: own.privateKey, publicKey: keyOf(publicKey) });
  return `${version}:${sender}:${createSealer(secretOf(shared, sender, publicKey)).seal(plain, context)}`;
}

function secretOf(shared: Buffer, sender: string, receiver: string): string {
  return `${shared.toString('base64url')}.${sender}.${receiver}`;
}

function keyOf(raw: string): KeyObject {
  return createPublicKey({
    key: Buffer.concat([publicHead, Buffer.from(raw, 'base64url')]),
    format: 'der',
    type: 'spki',
  });
}

function rawOf(key: KeyObject): string {
  return key.export({ format: 'der', type: 'spki' }).subarray(publicHead.length).toString('base64url');
}
