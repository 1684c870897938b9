/** Shopify's toxiproxy, where it is installed: `go install github.com/Shopify/toxiproxy/v2/cmd/server@v2.5.0`. */
import { execFile, spawn } from 'node:child_process';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { freePort } from '../../localstack/ports.ts';
import { until } from '../../localstack/processes.ts';

const run = promisify(execFile);

/** Its program, which `go install` calls `server`; `null` where there is none. */
export async function findToxiproxy(): Promise<string | null> {
  const { GOBIN, GOPATH, PATH = '' } = process.env;
  const ofGo = [GOBIN, join(GOPATH ?? join(homedir(), 'go'), 'bin')].flatMap((folder) => folder ?? []);
  const programs = [
    ...PATH.split(delimiter).map((folder) => join(folder, 'toxiproxy-server')),
    ...ofGo.flatMap((folder) => [join(folder, 'toxiproxy-server'), join(folder, 'server')]),
  ];
  for (const program of programs) {
    const said = await run(program, ['-version'], { timeout: 10_000 }).catch(() => null);
    if (said?.stdout.includes('toxiproxy')) return program;
  }
  return null;
}

/** What toxiproxy does to the bytes of a connection, towards the client (`downstream`) or towards the server. */
export interface Toxic {
  readonly type: 'reset_peer' | 'timeout' | 'latency' | 'slicer' | 'bandwidth' | 'limit_data' | 'slow_close';
  readonly stream: 'upstream' | 'downstream';
  readonly attributes: Readonly<Record<string, number>>;
}

export interface ToxicProxy {
  readonly port: number;
  /** The same URL, through this proxy. */
  through(url: string): string;
  /** Adds a toxic; it holds for open connections too. */
  poison(toxic: Toxic): Promise<void>;
  /** Takes all toxics away. Gives those that there were, as toxiproxy has them. */
  cure(): Promise<string[]>;
}

export interface Toxiproxy {
  /** A proxy to the host and port of `url`. */
  to(url: string): Promise<ToxicProxy>;
  stop(): Promise<void>;
}

const toxicsSchema = z.array(z.object({ name: z.string(), type: z.string() }));

export async function startToxiproxy(program: string): Promise<Toxiproxy> {
  const port = await freePort();
  const child = spawn(program, ['-host', '127.0.0.1', '-port', String(port)], { stdio: 'ignore' });
  const ended = new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', () => resolve());
  });
  const api = `http://127.0.0.1:${port}`;
  const call = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const answer = await fetch(`${api}${path}`, { method, ...(body !== undefined && { body: JSON.stringify(body) }) });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`toxiproxy: ${method} ${path} answered ${answer.status}: ${text}`);
    return text === '' ? null : JSON.parse(text);
  };
  const isUp = () =>
    call('GET', '/proxies').then(
      () => true,
      () => false,
    );
  if (!(await until(isUp, 10_000))) throw new Error('toxiproxy does not answer.');

  let count = 0;
  return {
    async to(url) {
      const { hostname, port: of } = new URL(url);
      const name = `proxy-${++count}`;
      const listening = await freePort();
      await call('POST', '/proxies', { name, listen: `127.0.0.1:${listening}`, upstream: `${hostname}:${of}` });
      return {
        port: listening,
        through(other) {
          const own = new URL(other);
          own.hostname = '127.0.0.1';
          own.port = String(listening);
          return own.href;
        },
        poison: async (toxic) => void (await call('POST', `/proxies/${name}/toxics`, { ...toxic, toxicity: 1 })),
        async cure() {
          const toxics = toxicsSchema.parse(await call('GET', `/proxies/${name}/toxics`));
          for (const toxic of toxics) await call('DELETE', `/proxies/${name}/toxics/${toxic.name}`);
          return toxics.map(({ type }) => type);
        },
      };
    },
    async stop() {
      child.kill();
      await ended;
    },
  };
}
