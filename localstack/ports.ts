import { createServer } from 'node:net';
import { codeOf, LocalCloudError } from './problem.ts';

/** Whether a TCP port on 127.0.0.1 is free. */
export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen({ port, host: '127.0.0.1', exclusive: true }, () => probe.close(() => resolve(true)));
  });
}

/** A free port. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen({ port: 0, host: '127.0.0.1' }, () => {
      const address = probe.address();
      probe.close(() =>
        typeof address === 'object' && address !== null
          ? resolve(address.port)
          : reject(new Error('no port was given')),
      );
    });
  });
}

/**
 * A port to listen on. A required one must be free; otherwise the first free one of `preferred` (the port of the last
 * run, then a well-known one), so that addresses survive a restart; otherwise any.
 */
export async function choosePort(options: {
  readonly what: string;
  readonly required?: number | undefined;
  readonly setting?: string;
  readonly preferred?: readonly (number | undefined)[];
}): Promise<number> {
  if (options.required !== undefined) {
    if (await isFree(options.required)) return options.required;
    throw portInUse(options.what, options.required, options.setting);
  }
  for (const port of options.preferred ?? []) if (port !== undefined && (await isFree(port))) return port;
  return await freePort();
}

/** The error for a port in use by another program. */
export function portInUse(what: string, port: number, setting?: string): LocalCloudError {
  const cure =
    setting === undefined
      ? 'choose another port'
      : `set ${setting} to another port, or unset it and a free one is taken`;
  return new LocalCloudError(
    `Port ${port} on 127.0.0.1, needed for ${what}, is used by another program. Nothing was started. ` +
      `Stop that program (\`ss -ltnp 'sport = :${port}'\` shows it), or ${cure}.`,
  );
}

/** Turns the `EADDRINUSE` of a server that listens into a message; other errors pass. */
export function explainListenError(error: unknown, what: string, port: number): unknown {
  return codeOf(error) === 'EADDRINUSE' ? portInUse(what, port) : error;
}
