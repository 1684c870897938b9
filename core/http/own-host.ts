import type { IncomingMessage } from 'node:http';

/**
 * Whether a request names this machine and this port as its host. A page of another site that points its own name at
 * 127.0.0.1 (DNS rebinding) would be of the same origin as the server, but it cannot choose the `Host` header.
 */
export function namesOwnHost(request: IncomingMessage): boolean {
  const { localPort: port, localFamily } = request.socket;
  const { host } = request.headers;
  return ['127.0.0.1', 'localhost', ...(localFamily === 'IPv6' ? ['[::1]'] : [])].some(
    (name) => host === `${name}:${port}` || (port === 80 && host === name),
  );
}

/**
 * Whether a program of this machine has sent a request, and no page that is open in a browser here: such a page may send
 * any `GET`, but the browser says so. Programs may `pretend` to be a page of one site.
 */
export function isOfNoPage(request: IncomingMessage, pretend: string): boolean {
  return namesOwnHost(request) && sentByNoPage(request, pretend);
}

/** The same of a server that has another name, which it looks at itself. */
export function sentByNoPage({ headers }: IncomingMessage, pretend: string): boolean {
  const { origin = pretend, 'sec-fetch-site': site = 'none' } = headers;
  return origin === pretend && site === 'none';
}
