import { createHmac } from 'node:crypto';

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** What a time-based code is made of (RFC 6238), as authenticator apps take it. */
export interface TotpOptions {
  readonly digits?: 6 | 7 | 8;
  readonly stepSeconds?: number;
  readonly hash?: 'sha1' | 'sha256' | 'sha512';
}

/**
 * The code of a moment by RFC 6238: what an authenticator app shows. `secret` is base32, as sites give it, with or without
 * spaces and padding.
 *
 * @example
 * totp('GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ', 59_000, { digits: 8 }) // '94287082'
 */
export function totp(secret: string, at: number, options: TotpOptions = {}): string {
  const { digits = 6, stepSeconds = 30, hash = 'sha1' } = options;
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(at / 1000 / stepSeconds)));
  const mac = createHmac(hash, base32(secret)).update(counter).digest();
  const offset = mac.readUInt8(mac.length - 1) & 0xf;
  const number = mac.readUInt32BE(offset) & 0x7fff_ffff;
  return String(number % 10 ** digits).padStart(digits, '0');
}

/** Bytes of a base32 text (RFC 4648). Throws for a text that is none. */
function base32(text: string): Buffer {
  const letters = text.replaceAll(/[\s-]/g, '').replace(/=+$/, '').toUpperCase();
  const bytes: number[] = [];
  let value = 0;
  let bits = 0;
  for (const letter of letters) {
    const five = alphabet.indexOf(letter);
    if (five < 0) throw new RangeError('The secret is not base32.');
    value = ((value << 5) | five) & 0xfff;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      bytes.push((value >> bits) & 0xff);
    }
  }
  return Buffer.from(bytes);
}
