import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerOptions,
  type ServerResponse,
} from 'node:http';
import {
  createServer as createTlsServer,
  type ServerOptions as TlsOptions,
  type Server as TlsServer,
} from 'node:https';
import type { Duplex } from 'node:stream';

/** Bytes of a request's target and headers: every type of statement is asked for in one target. Node takes 16 kB. */
const maxHeaderSize = 64 * 1024;

/**
 * An HTTP server that answers every malformed request with a 4xx and goes on: what Node's parser lets through although it
 * is no request for a path of this server (`*`, an authority, two hosts), and tunnels, on which Node hangs up. A listener
 * that throws costs its own request and nothing else.
 */
export function strictServer(options: ServerOptions, listener: RequestListener): Server {
  const server = createServer({ maxHeaderSize, ...options }, strictly(listener));
  server.on('connect', refuseTunnel);
  return server;
}

/** The same over TLS. */
export function strictTlsServer(options: TlsOptions, listener: RequestListener): TlsServer {
  const server = createTlsServer({ maxHeaderSize, ...options }, strictly(listener));
  server.on('connect', refuseTunnel);
  return server;
}

function strictly(listener: RequestListener): RequestListener {
  return (request, response) => {
    // A client that goes away is no event.
    request.on('error', ignore);
    response.on('error', ignore);
    if (malformed(request)) {
      refuse(response, 400, 'The request is malformed.\n');
      return;
    }
    try {
      listener(request, response);
    } catch {
      refuse(response, 500, 'This request cannot be answered.\n');
    }
  };
}

function refuseTunnel(_request: IncomingMessage, socket: Duplex): void {
  socket.on('error', ignore);
  socket.end(
    'HTTP/1.1 405 Method Not Allowed\r\nallow: GET, HEAD, POST\r\nconnection: close\r\ncontent-length: 0\r\n\r\n',
  );
}

function ignore(): void {}

/** Only a path, or an address that begins with a scheme, can be asked for; and of one host. */
function malformed({ url = '', rawHeaders }: IncomingMessage): boolean {
  let hosts = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at];
    if (name?.length === 4 && name.toLowerCase() === 'host') hosts++;
  }
  return hosts > 1 || (!url.startsWith('/') && !/^https?:\/\//i.test(url));
}

function refuse(response: ServerResponse, status: number, body: string): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', connection: 'close' });
  response.end(body);
}
