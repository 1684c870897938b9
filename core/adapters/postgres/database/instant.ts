/**
 * A `timestamptz::text` of a UTC session (`2026-11-22 19:40:00.123456+00`) as ISO 8601 with its microseconds. A Date
 * would cut them off, and then a row would not be known yet at its own `knownFrom`.
 */
export function isoInstant(text: string): string {
  const day = text.indexOf(' ');
  const dot = text.indexOf('.', day);
  const end = text.length - '+00'.length;
  if (dot === -1) return `${text.slice(0, day)}T${text.slice(day + 1, end)}.000Z`;
  return `${text.slice(0, day)}T${text.slice(day + 1, dot)}.${text.slice(dot + 1, end).padEnd(3, '0')}Z`;
}

/** The SQL of an instant as milliseconds since the epoch, for an expression that is one: `msOf('t.lease_until')`. */
export function msOf(instant: string): string {
  return `(extract(epoch FROM ${instant}) * 1000)::float8`;
}

/** The SQL of an interval of so many milliseconds: in seconds, since PostgreSQL 14 takes no field above 2,147,483,647. */
export function intervalOf(ms: number): string {
  return `interval '${ms / 1000} seconds'`;
}
