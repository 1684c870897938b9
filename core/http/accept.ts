/**
 * Whether an `Accept` names JSON, and that before the usual form of an answer, or any text. A client that accepts everything gets
 * the usual form.
 *
 * @example
 * wantsJson('application/json', 'text/markdown') // true
 * wantsJson('text/*, application/json', 'text/markdown') // false
 */
export function wantsJson(accept: string | undefined, usual: `text/${string}`): boolean {
  const named = (accept ?? '').split(',').map((each) => (each.split(';')[0] ?? '').trim().toLowerCase());
  const json = named.indexOf('application/json');
  const text = named.findIndex((type) => type === usual || type === 'text/*');
  return json !== -1 && (text === -1 || json < text);
}
