import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { z } from 'zod';
import { statusOf } from './request-lines.ts';

const portsSchema = z.object({ dashboard: z.int(), simulator: z.int(), proxy: z.int() });
export type Server = keyof z.infer<typeof portsSchema>;
export const servers: readonly Server[] = ['dashboard', 'simulator', 'proxy'];

/** A request that each of the servers answers. */
const wellFormed: Readonly<Record<Server, readonly [path: string, status: number]>> = {
  dashboard: ['/', 200],
  simulator: ['/slickcharts/sp500', 200],
  proxy: ['/yahoo/health', 200],
};

export interface ServersProcess {
  readonly child: ChildProcess;
  readonly ports: Readonly<Record<Server, number>>;
  /** Throws unless a server answers, the process goes on, and it has had nothing to say on its standard error. */
  expectServing(server: Server): Promise<void>;
  stop(): Promise<void>;
}

/** The servers of `four-servers.ts` in a process of their own. */
export async function startServersProcess(): Promise<ServersProcess> {
  const child = spawn(process.execPath, [fileURLToPath(new URL('./four-servers.ts', import.meta.url))], {
    stdio: 'pipe',
  });
  let errors = '';
  child.stderr.on('data', (part: Buffer) => {
    errors += part.toString();
  });
  const [line] = await once(child.stdout, 'data');
  const ports = portsSchema.parse(JSON.parse(String(line)));
  return {
    child,
    ports,
    async expectServing(server) {
      const [path, status] = wellFormed[server];
      const request = Buffer.from(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${ports[server]}\r\n\r\n`);
      expect([server, await statusOf(ports[server], request, 30_000), errors]).toEqual([server, status, '']);
      expect(child.exitCode).toBeNull();
    },
    async stop() {
      const ended = once(child, 'exit');
      child.stdin.end();
      await ended;
    },
  };
}
