/**
 * A `timestamptz::text` of a UTC session (`2026-11-22 19:40:00.123456+00`) as ISO 8601 with its microseconds. A Date
 * would cut them off, and then a row would not be known yet at its own `knownFrom`.
 */
export function isoInstant(text: string): string {
  const [seconds = '', fraction = ''] = text.replace(' ', 'T').replace(/\+00$/, '').split('.');
  const digits = fraction.padEnd(3, '0').replace(/^(\d{3})0+$/, '$1');
  return `${seconds}.${digits}Z`;
}
