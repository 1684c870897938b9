import { BlockList, isIP, isIPv6 } from 'node:net';

/**
 * What no upstream has of IPv4: the whole IANA Special-Purpose Address Registry, globally reachable entries included (they
 * are anycast services of networks, not sites), multicast, and the address of Azure's host, which is none of IANA's.
 */
const specialIPv4 = new BlockList();
for (const [net, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['168.63.129.16', 32],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.31.196.0', 24],
  ['192.52.193.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['192.175.48.0', 24],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
] as const) {
  specialIPv4.addSubnet(net, bits, 'ipv4');
}

/** Of IPv6 only this block is given out to sites: all others are special or not in use. */
const globalIPv6 = new BlockList();
globalIPv6.addSubnet('2000::', 3, 'ipv6');

/** What the registry has within it. */
const specialIPv6 = new BlockList();
for (const [net, bits] of [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['2620:4f:8000::', 48],
  ['3fff::', 20],
] as const) {
  specialIPv6.addSubnet(net, bits, 'ipv6');
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
  if (isIPv6(address)) return globalIPv6.check(address, 'ipv6') && !specialIPv6.check(address, 'ipv6');
  return !specialIPv4.check(address, 'ipv4');
}
