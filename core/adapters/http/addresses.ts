import { BlockList, isIP, isIPv6 } from 'node:net';

/**
 * Address ranges that no upstream has: private, loopback, link-local (with the metadata services of clouds),
 * carrier-grade NAT, documentation, multicast and reserved. IANA IPv4 and IPv6 Special-Purpose Address Registries.
 */
const special = new BlockList();
for (const [net, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
] as const) {
  special.addSubnet(net, bits, 'ipv4');
}
for (const [net, bits] of [
  ['::', 96],
  ['64:ff9b::', 96],
  ['64:ff9b:1::', 48],
  ['100::', 64],
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['fc00::', 7],
  ['fe80::', 10],
  ['fec0::', 10],
  ['ff00::', 8],
] as const) {
  special.addSubnet(net, bits, 'ipv6');
}

/**
 * Whether a textual IP address is one on the open internet. False for text that is not an address.
 *
 * @example
 * isPublicAddress('169.254.169.254') // false
 * isPublicAddress('::ffff:10.0.0.1') // false
 * isPublicAddress('9.9.9.9') // true
 */
export function isPublicAddress(address: string): boolean {
  if (isIP(address) === 0) return false;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped) return isPublicAddress(mapped);
  return !special.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
}
