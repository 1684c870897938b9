import { type GivenKey, givenKey, splitKey } from '../../core/http/given-key.ts';
import { splitInstant } from '../../core/proxy/instant.ts';

/** The key that came with a request. */
export function keyGiven(target: string, header: (name: string) => string | undefined): GivenKey | undefined {
  return givenKey(splitKey(target, '/yahoo').key, header);
}

/** The path for routing: without key, query and instant. */
export function routedPath(url: string): string {
  return routed(url).path;
}

/** The instant that stands in an address, as it is written there; `null` for an address of now. */
export function instantIn(url: string): string | null {
  return routed(url).at;
}

function routed(url: string): ReturnType<typeof splitInstant> {
  const from = url.indexOf('/', url.indexOf('//') + 2);
  const { target } = splitKey(from === -1 ? '/' : url.slice(from), '/yahoo');
  const query = target.indexOf('?');
  return splitInstant(query === -1 ? target : target.slice(0, query));
}
