import { decimalScale } from './column-types.ts';

const scale = 10n ** BigInt(decimalScale);
/** Numbers of a decimal column are below it: 38 digits. */
const limit = 10n ** 38n;

/** A decimal as the integer that a decimal column holds, with the digits that it has room for; `null` for one that is too large. */
export function unscaled(decimal: string): bigint | null {
  const negative = decimal.startsWith('-');
  const [whole = '0', digits = ''] = (negative ? decimal.slice(1) : decimal).split('.');
  const kept = digits.slice(0, decimalScale).padEnd(decimalScale, '0');
  const up = digits.length > decimalScale && digits.charCodeAt(decimalScale) >= '5'.charCodeAt(0) ? 1n : 0n;
  const value = BigInt(whole) * scale + BigInt(kept) + up;
  if (value >= limit) return null;
  return negative ? -value : value;
}

/** The shortest text of an integer that a decimal column holds. */
export function scaled(value: bigint): string {
  const negative = value < 0n;
  const digits = String(negative ? -value : value).padStart(decimalScale + 1, '0');
  const fraction = digits.slice(-decimalScale).replace(/0+$/, '');
  const text = `${digits.slice(0, -decimalScale)}${fraction === '' ? '' : `.${fraction}`}`;
  return negative ? `-${text}` : text;
}

/** The text of the sixteen bytes of a decimal column: a two's complement, its highest byte first. */
export function decimalOfBytes(bytes: Uint8Array): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [high, low] = [view.getBigInt64(0), view.getBigUint64(8)];
  return scaled(high === 0n ? low : (high << 64n) | low);
}
