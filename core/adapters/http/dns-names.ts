import { Resolver } from 'node:dns/promises';
import { existsSync, readFileSync } from 'node:fs';
import { isPublicAddress } from './addresses.ts';
import type { ResolveName } from './upstream.ts';

/** Where systemd's resolver listens. It answers from the hosts file too. */
const stubs = ['127.0.0.53', '127.0.0.54'];
/** The servers that it asks itself. */
const behindStub = '/run/systemd/resolve/resolv.conf';

/**
 * Resolves names by DNS alone, past the hosts file: for a proxy that the hosts file puts in the place of the site which it
 * calls. An address of this machine or its network is none. Without `servers`, asks those of the system.
 */
export function namesByDns(servers: readonly string[]): ResolveName {
  const resolver = resolverOf(servers);
  return (hostname, { family }, done) => {
    void Promise.allSettled([resolver.resolve4(hostname), resolver.resolve6(hostname)]).then(([four, six]) => {
      const found = [
        ...(four.status === 'fulfilled' ? four.value.map((address) => ({ address, family: 4 })) : []),
        ...(six.status === 'fulfilled' ? six.value.map((address) => ({ address, family: 6 })) : []),
      ].filter(
        ({ address, family: of }) => isPublicAddress(address) && ((family !== 4 && family !== 6) || of === family),
      );
      if (found.length > 0) done(null, found);
      else done(four.status === 'rejected' ? errorOf(four.reason) : noSite(hostname), []);
    });
  };
}

/** Why DNS does not lead to a host: what it says in place of public addresses. `null` where it does. */
export async function whyNotByDns(servers: readonly string[], hostname: string): Promise<string | null> {
  const resolver = resolverOf(servers);
  const by = resolver.getServers().join(', ');
  try {
    const addresses = await resolver.resolve4(hostname);
    const own = addresses.find((address) => !isPublicAddress(address));
    return own === undefined ? null : `${hostname} is ${own} for ${by}`;
  } catch (error) {
    return `${hostname} is not known by ${by} (${'code' in errorOf(error) ? errorOf(error).code : 'unknown'})`;
  }
}

function resolverOf(servers: readonly string[]): Resolver {
  const resolver = new Resolver({ timeout: 2_000, tries: 2 });
  const asked = servers.length > 0 ? servers : serversBehind(resolver.getServers());
  if (asked.length > 0) resolver.setServers(asked);
  return resolver;
}

function serversBehind(servers: readonly string[]): readonly string[] {
  if (!servers.every((server) => stubs.includes(server)) || !existsSync(behindStub)) return [];
  return [...readFileSync(behindStub, 'utf8').matchAll(/^nameserver\s+(\S+)/gm)].map(([, server = '']) => server);
}

function noSite(hostname: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`DNS has no public address of ${hostname}.`), { code: 'ENOTFOUND' });
}

function errorOf(reason: unknown): NodeJS.ErrnoException {
  return reason instanceof Error ? reason : new Error('The name could not be resolved.');
}
