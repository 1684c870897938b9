/**
 * The same data with every text for people as `x`: messages, and what a check, a step or a finding of a diagnosis says
 * in words. Codes with their figures stay.
 */
export function wordless<T>(value: T): T {
  return masked(value) as T;
}

/** `detail` is a text in rows of quarantine and in steps; in failures it is the code with its figures. */
const wordy: ReadonlySet<string> = new Set(['message', 'detail']);

function masked(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(masked);
  if (value instanceof Map) return new Map([...value].map(([key, each]) => [key, masked(each)]));
  if (value instanceof Set || value instanceof Date || typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key, wordy.has(key) && typeof each === 'string' ? 'x' : masked(each)]),
  );
}
