import * as z from 'zod';

const iso = z.iso.datetime({ offset: true });
const written =
  /^(?<year>\d{4})-?(?<month>\d{2})-?(?<day>\d{2})(?:T(?<hour>\d{2}):?(?<minute>\d{2})(?::?(?<second>\d{2})(?<rest>\.\d{1,9})?)?(?<zone>Z|[+-]\d{2}:?\d{2})?)?$/i;

/**
 * An instant in an address, in milliseconds since the epoch: ISO 8601, in UTC where it says no offset, or seconds since the
 * epoch. `null` for anything else.
 *
 * @example
 * readInstant('2026-11-30T09:30Z') // 1796031000000
 * readInstant('1796031000') // 1796031000000
 */
export function readInstant(text: string): number | null {
  if (/^\d{9,11}$/.test(text)) return Number(text) * 1000;
  const parts = written.exec(text)?.groups;
  if (!parts) return null;
  const { year, month, day, hour = '00', minute = '00', second = '00', rest = '', zone = 'Z' } = parts;
  const offset = zone.length === 5 ? `${zone.slice(0, 3)}:${zone.slice(3)}` : zone.toUpperCase();
  const whole = iso.safeParse(`${year}-${month}-${day}T${hour}:${minute}:${second}${rest.slice(0, 4)}${offset}`);
  return whole.success ? Date.parse(whole.data) : null;
}

/**
 * Takes the instant out of `/yahoo/at/{instant}/rest`: what is left is routed.
 *
 * @example
 * splitInstant('/yahoo/at/1796031000/v7/finance/quote') // { path: '/yahoo/v7/finance/quote', at: '1796031000' }
 */
export function splitInstant(path: string): { readonly path: string; readonly at: string | null } {
  const [, at, rest = ''] = /^\/yahoo\/at\/([^/]{1,60})(\/.*)?$/.exec(path) ?? [];
  if (at === undefined) return { path, at: null };
  try {
    return { path: `/yahoo${rest}`, at: decodeURIComponent(at) };
  } catch {
    return { path: `/yahoo${rest}`, at };
  }
}
