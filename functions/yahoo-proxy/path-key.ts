const prefix = '/yahoo/k/';

/**
 * Takes the key out of `/yahoo/k/{key}/v7/…`, for clients that cannot send a header. Only the rest is routed, logged
 * and counted: a key in a path must not get any further.
 */
export function splitPath(target: string): { readonly target: string; readonly key: string | undefined } {
  if (!target.startsWith(prefix)) return { target, key: undefined };
  const end = /[/?]/.exec(target.slice(prefix.length))?.index;
  const key = end === undefined ? target.slice(prefix.length) : target.slice(prefix.length, prefix.length + end);
  const rest = end === undefined ? '' : target.slice(prefix.length + end);
  return { target: `/yahoo${rest}`, key };
}

/** The path for routing: without key and query. */
export function routedPath(url: string): string {
  const from = url.indexOf('/', url.indexOf('//') + 2);
  const { target } = splitPath(from === -1 ? '/' : url.slice(from));
  const query = target.indexOf('?');
  return query === -1 ? target : target.slice(0, query);
}
