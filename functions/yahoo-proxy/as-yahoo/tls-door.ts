/** The proxy under Yahoo's own hosts, over TLS, for clients that can connect nowhere else. */
import type { RequestListener, ServerResponse } from 'node:http';
import type { Server } from 'node:https';
import { sentByNoPage } from '../../../core/http/own-host.ts';
import { strictTlsServer } from '../../../core/http/strict-server.ts';
import { gatewayForm, yahooError } from '../../../core/proxy/yahoo-error.ts';
import { AsYahooError, type Authority } from './authority.ts';

export interface TlsDoorOptions {
  readonly host: string;
  /** `undefined` for the port of TLS, or where that is taken or not allowed, another. */
  readonly port: number | undefined;
  readonly authority: Authority;
  readonly hosts: readonly string[];
  /** Whether a page in a browser may ask. */
  readonly pages: 'refused' | 'admitted';
  /** Serves a request whose path begins with `/yahoo`. */
  readonly serve: RequestListener;
}

const tlsPort = 443;
/** For programs that may not have a port below 1024. */
const otherPort = 8443;
/** Long before the certificate ends. */
const renewMs = 12 * 3_600_000;

/** Opens it. Gives the server, and the port that it has. */
export async function openTlsDoor(
  options: TlsDoorOptions,
): Promise<{ readonly server: Server; readonly port: number }> {
  const { authority, hosts, port } = options;
  const context = () => {
    const { certificate, key } = authority.leaf();
    return { cert: certificate, key };
  };
  // HTTP/1.1 only: clients that would like HTTP/2 are told so by TLS, and all of them speak both.
  const server = strictTlsServer({ ...context(), ALPNProtocols: ['http/1.1'] }, (request, response) => {
    const { url = '', headers } = request;
    const host = headers.host?.replace(/:\d+$/, '').toLowerCase();
    // What is certified is what is answered for: another name leads here by mistake, or by a page's trick.
    if (host === undefined || !hosts.includes(host) || !url.startsWith('/'))
      return refuse(response, 421, 'This is Quotron’s proxy of Yahoo Finance, which answers for no other host.\n');
    if (options.pages === 'refused' && !sentByNoPage(request, yahooPage))
      return refuse(response, 403, 'This proxy is for programs of this machine, and for no page in a browser.\n');
    if (isOwn(url, headers.accept)) return noRoute(response);
    request.url = `/yahoo${url}`;
    options.serve(request, response);
  });
  const timer = setInterval(() => server.setSecureContext(context()), renewMs);
  server.once('close', () => clearInterval(timer));
  timer.unref();
  if (port !== undefined) await listen(server, port, options.host);
  else
    await listen(server, tlsPort, options.host).catch((error: unknown) => {
      if (!['EACCES', 'EADDRINUSE'].includes(codeOf(error))) throw error;
      return listen(server, otherPort, options.host);
    });
  const address = server.address();
  return { server, port: typeof address === 'object' && address !== null ? address.port : (port ?? tlsPort) };
}

/** Clients say that they are a page of it, as Yahoo wants them to. */
export const yahooPage = 'https://finance.yahoo.com';

/** Routes that Yahoo does not have under these names; a page of a symbol is where clients get a cookie. */
function isOwn(url: string, accept = ''): boolean {
  if (/^\/quote\//.test(url)) return !accept.includes('text/html');
  return /^\/(?:market|health|metrics|k|at)(?:[/?]|$)/.test(url);
}

function noRoute(response: ServerResponse): void {
  const { status, contentType, body } = yahooError(
    gatewayForm,
    501,
    'Not Implemented',
    `Quotron's Yahoo proxy has no such route under Yahoo's hosts; docs/proxy.md lists those it has.`,
  );
  response.writeHead(status, { 'content-type': contentType });
  response.end(body);
}

function refuse(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' });
  response.end(text);
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (error: Error) => {
      server.off('listening', listening);
      reject(
        codeOf(error) === 'EADDRINUSE'
          ? Object.assign(
              new AsYahooError(`Port ${port} is used by another program. Choose another with --tls-port.`),
              { code: 'EADDRINUSE' },
            )
          : error,
      );
    };
    const listening = () => {
      server.off('error', failed);
      resolve();
    };
    server.once('error', failed);
    server.once('listening', listening);
    server.listen(port, host);
  });
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}
