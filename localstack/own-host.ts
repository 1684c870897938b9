import type { IncomingMessage } from 'node:http';

/**
 * Whether a request names this machine and this port as its host. A page of another site that points its own name at
 * 127.0.0.1 (DNS rebinding) would be of the same origin as the server, but it cannot choose the `Host` header.
 */
export function namesOwnHost(request: IncomingMessage): boolean {
  const port = request.socket.localPort;
  return request.headers.host === `127.0.0.1:${port}` || request.headers.host === `localhost:${port}`;
}
