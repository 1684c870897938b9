import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Yahoo's hosts that clients call, written by hand. */
export const yahooHosts = ['query1.finance.yahoo.com', 'query2.finance.yahoo.com', 'fc.yahoo.com', 'finance.yahoo.com'];

/** A loopback address of one's own, so that its port 443 is free. */
export function ownAddress(): string {
  return `127.${[0, 0, 0].map(() => 2 + Math.floor(Math.random() * 250)).join('.')}`;
}

/** Why no program can be run here for which Yahoo's hosts are an address of this machine, or `null`. */
export async function whyNoPrivateHosts(address: string): Promise<string | null> {
  const mount = ['-rm', 'sh', '-c', 'mount --bind /etc/hosts /etc/hosts'];
  if (process.platform !== 'linux' || spawnSync('unshare', mount).status !== 0)
    return 'a hosts file of one’s own needs `unshare -rm` and `mount --bind` (Linux)';
  const server = createServer();
  const allowed = await new Promise<boolean>((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(443, address, () => resolve(true));
  });
  if (allowed) await new Promise<void>((resolve) => server.close(() => resolve()));
  return allowed ? null : 'port 443 of a loopback address needs root, or net.ipv4.ip_unprivileged_port_start';
}

/** What stands before a command so that Yahoo's hosts are at an address for it, and for nothing else on this machine. */
export function withYahooAt(address: string): readonly string[] {
  const file = join(mkdtempSync(join(tmpdir(), 'quotron-hosts-')), 'hosts');
  writeFileSync(file, `${readFileSync('/etc/hosts', 'utf8')}\n${address} ${yahooHosts.join(' ')}\n`);
  return ['unshare', '-rm', 'sh', '-c', 'mount --bind "$0" /etc/hosts && exec "$@"', file];
}
