import { connect, type Socket } from 'node:net';

export interface LoadResult {
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/**
 * Asks one path over and over on a number of kept connections, one request at a time on each, for `seconds`. On sockets
 * and not with an HTTP client, because the client would cost more than the server that is measured.
 */
export async function load(options: {
  readonly port: number;
  readonly path: string;
  readonly connections: number;
  readonly seconds: number;
}): Promise<LoadResult> {
  const request = Buffer.from(`GET ${options.path} HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n`);
  const times: number[] = [];
  const startedAt = performance.now();
  const end = startedAt + options.seconds * 1000;
  await Promise.all(
    Array.from({ length: options.connections }, () => ask(options.port, request, end, (ms) => times.push(ms))),
  );
  const seconds = (performance.now() - startedAt) / 1000;
  times.sort((a, b) => a - b);
  const at = (share: number) => times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? Number.NaN;
  return { requestsPerSecond: Math.round(times.length / seconds), p50Ms: at(0.5), p99Ms: at(0.99) };
}

/** One connection, until `end`. Answers must have a `content-length`. */
function ask(port: number, request: Buffer, end: number, took: (ms: number) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket: Socket = connect({ port, host: '127.0.0.1', noDelay: true });
    let sentAt = 0;
    let missing = -1;
    const send = () => {
      sentAt = performance.now();
      socket.write(request);
    };
    socket.on('connect', send);
    socket.on('data', (chunk) => {
      if (missing === -1) {
        const head = chunk.indexOf('\r\n\r\n');
        const text = chunk.subarray(0, Math.max(0, head)).toString('latin1');
        const length = /content-length: (\d+)/i.exec(text)?.[1];
        if (head === -1 || length === undefined || !text.startsWith('HTTP/1.1 200')) {
          reject(new Error(`The server under load answered what is no 200 with a length: ${text.slice(0, 100)}`));
          socket.destroy();
          return;
        }
        missing = Number(length) - (chunk.length - head - 4);
      } else missing -= chunk.length;
      if (missing > 0) return;
      missing = -1;
      const now = performance.now();
      took(now - sentAt);
      if (now < end) send();
      else socket.end();
    });
    socket.on('close', () => resolve());
    socket.on('error', reject);
  });
}
