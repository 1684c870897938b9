import { type LookupAddress, type LookupOptions, lookup } from 'node:dns';
import http from 'node:http';
import https from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import type { Upstream, UpstreamAnswer, UpstreamCall, UpstreamOptions } from '../../ports/upstream.ts';
import { isPublicAddress } from './addresses.ts';
import { readBody } from './read-body.ts';

const maxRedirects = 5;

/** Refused before anything was sent. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError';
}

/** Finds all addresses of a name. */
export type ResolveName = (
  hostname: string,
  options: LookupOptions,
  done: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/** As every program does: the hosts file first. */
const bySystem: ResolveName = (hostname, options, done) => lookup(hostname, { ...options, all: true }, done);

/**
 * Calls upstreams over HTTP. Node's own client and not `fetch`, because the address must be checked when the socket
 * connects: checking a name first and connecting later lets the answer change in between (DNS rebinding).
 *
 * @example
 * const call = httpUpstream({ origins: ['https://api.coingecko.com'], allowPrivate: false, timeoutMs: 10_000, maxBytes: 1e6 });
 * const { response, error } = await call({ method: 'GET', url: new URL('https://api.coingecko.com/api/v3/ping'), headers: {} });
 * // Never throws: `response` is null when `error` says why there is none.
 */
export function httpUpstream(options: UpstreamOptions, resolve: ResolveName = bySystem): Upstream {
  return async (call) => {
    const startedAt = performance.now();
    const signal = AbortSignal.timeout(options.timeoutMs);
    const setCookies: string[] = [];
    let { url } = call;
    const done = (response: UpstreamAnswer['response'], error: UpstreamAnswer['error']): UpstreamAnswer => ({
      response,
      error,
      setCookies,
      url,
      latencyMs: Math.round(performance.now() - startedAt),
    });
    try {
      for (let hop = 0; ; hop++) {
        if (!options.origins.includes(url.origin)) throw new RefusedError('The address is not one of the source.');
        const answer = await request({ ...call, url }, options, signal, resolve);
        setCookies.push(...answer.setCookies);
        const { location } = answer.response.headers;
        const { status } = answer.response;
        // Whatever became of its body: a redirect is its head.
        const goesOn =
          status >= 300 &&
          status < 400 &&
          location !== undefined &&
          call.method === 'GET' &&
          call.redirect !== 'manual' &&
          URL.canParse(location, url.href);
        // A redirect to elsewhere (a consent page, a login) is the answer: the parser knows what it means.
        const next = goesOn ? new URL(location, url) : null;
        if (!next || hop === maxRedirects || !options.origins.includes(next.origin))
          return done(answer.response, answer.error);
        // A server does not choose what we log in with.
        next.username = '';
        next.password = '';
        url = next;
      }
    } catch (error) {
      if (error instanceof RefusedError) return done(null, { code: 'refused', message: error.message });
      if (signal.aborted)
        return done(null, { code: 'timeout', message: `No whole answer within ${options.timeoutMs} ms.` });
      return done(null, { code: 'connection', message: `The connection failed (${errorCode(error)}).` });
    }
  };
}

function request(
  call: UpstreamCall,
  options: UpstreamOptions,
  signal: AbortSignal,
  resolve: ResolveName,
): Promise<{
  response: NonNullable<UpstreamAnswer['response']>;
  error: UpstreamAnswer['error'];
  setCookies: string[];
}> {
  return new Promise((resolvePromise, reject) => {
    const transport = call.url.protocol === 'https:' ? https : http;
    const host = call.url.hostname.replace(/^\[|\]$/g, '');
    if (isIP(host) && !options.allowPrivate && !isPublicAddress(host)) {
      reject(new RefusedError('The address is a private one.'));
      return;
    }
    let answered = false;
    const sent = transport.request(
      call.url,
      {
        method: call.method,
        headers: { 'accept-encoding': 'gzip, br, deflate', ...call.headers },
        lookup: guardedLookup(options.allowPrivate, resolve),
        // Pages of Yahoo come with more than Node's 16 KB of headers.
        maxHeaderSize: 64 * 1024,
        signal,
      },
      (incoming) => {
        answered = true;
        const { statusCode = 0 } = incoming;
        if (statusCode < 200) {
          incoming.destroy();
          reject(new Error('The status is none.'));
          return;
        }
        readBody(incoming, options.maxBytes).then(({ text, truncated, error }) => {
          if (signal.aborted) {
            reject(signal.reason);
            return;
          }
          const { 'set-cookie': setCookies = [], ...headers } = incoming.headers;
          resolvePromise({
            error,
            response: {
              status: statusCode,
              headers: Object.fromEntries(
                Object.entries(headers).map(([name, value]) => [name, [value].flat().join(', ')]),
              ),
              body: text,
              truncated,
            },
            setCookies,
          });
        }, reject);
      },
    );
    sent.on('error', reject);
    // To a 101 that nobody asked for, Node closes the connection and says nothing.
    sent.once('close', () => {
      if (!answered) reject(new Error('The connection was closed.'));
    });
    sent.end(call.body);
  });
}

/** Resolves a name and refuses it when any of its addresses is private. */
export function guardedLookup(allowPrivate: boolean, resolve: ResolveName = bySystem): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, options, (error, addresses) => {
      if (error) return callback(error, '', 0);
      if (!allowPrivate && addresses.some(({ address }) => !isPublicAddress(address))) {
        return callback(new RefusedError('The name leads to a private address.'), '', 0);
      }
      const [first] = addresses;
      if (options.all || !first) return callback(null, addresses);
      callback(null, first.address, first.family);
    });
  };
}

/** Only Node's error code: the message may contain a URL with a crumb. */
function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown';
}
