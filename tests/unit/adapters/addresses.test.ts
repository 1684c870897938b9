import { describe, expect, it } from 'vitest';
import { isPublicAddress } from '../../../core/adapters/http/addresses.ts';

/** IANA IPv4 Special-Purpose Address Registry: first and last address of each entry. */
const registryIPv4 = [
  ['0.0.0.0', '0.255.255.255'],
  ['10.0.0.0', '10.255.255.255'],
  ['100.64.0.0', '100.127.255.255'],
  ['127.0.0.0', '127.255.255.255'],
  ['169.254.0.0', '169.254.255.255'],
  ['172.16.0.0', '172.31.255.255'],
  ['192.0.0.0', '192.0.0.255'],
  ['192.0.0.0', '192.0.0.7'],
  ['192.0.0.8', '192.0.0.8'],
  ['192.0.0.9', '192.0.0.10'],
  ['192.0.0.170', '192.0.0.171'],
  ['192.0.2.0', '192.0.2.255'],
  ['192.31.196.0', '192.31.196.255'],
  ['192.52.193.0', '192.52.193.255'],
  ['192.88.99.0', '192.88.99.255'],
  ['192.168.0.0', '192.168.255.255'],
  ['192.175.48.0', '192.175.48.255'],
  ['198.18.0.0', '198.19.255.255'],
  ['198.51.100.0', '198.51.100.255'],
  ['203.0.113.0', '203.0.113.255'],
  ['240.0.0.0', '255.255.255.254'],
  ['255.255.255.255', '255.255.255.255'],
];

/** The same of IPv6. */
const registryIPv6 = [
  ['::', '::1'],
  ['::ffff:0:0', '::ffff:7fff:ffff'],
  ['64:ff9b::', '64:ff9b::ffff:ffff'],
  ['64:ff9b:1::', '64:ff9b:1:ffff:ffff:ffff:ffff:ffff'],
  ['100::', '100::ffff:ffff:ffff:ffff'],
  ['100:0:0:1::', '100:0:0:1:ffff:ffff:ffff:ffff'],
  ['2001::', '2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff'],
  ['2001::', '2001:0:ffff:ffff:ffff:ffff:ffff:ffff'],
  ['2001:1::1', '2001:1::3'],
  ['2001:2::', '2001:2:0:ffff:ffff:ffff:ffff:ffff'],
  ['2001:3::', '2001:3:ffff:ffff:ffff:ffff:ffff:ffff'],
  ['2001:4:112::', '2001:4:112:ffff:ffff:ffff:ffff:ffff'],
  ['2001:10::', '2001:1f:ffff:ffff:ffff:ffff:ffff:ffff'],
  ['2001:20::', '2001:2f:ffff:ffff:ffff:ffff:ffff:ffff'],
  ['2001:30::', '2001:3f:ffff:ffff:ffff:ffff:ffff:ffff'],
  ['2001:db8::', '2001:db8:ffff:ffff:ffff:ffff:ffff:ffff'],
  ['2002::', '2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
  ['2620:4f:8000::', '2620:4f:8000:ffff:ffff:ffff:ffff:ffff'],
  ['3fff::', '3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff'],
  ['5f00::', '5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
  ['fc00::', 'fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
  ['fe80::', 'febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
];

describe('no address of an upstream', () => {
  it.each([...registryIPv4, ...registryIPv6])('is from %s to %s', (first, last) => {
    expect([first, last].map(isPublicAddress)).toEqual([false, false]);
  });

  it.each([
    ['multicast', '224.0.0.1', 'ff02::1'],
    ['translated IPv4 (SIIT)', '::ffff:0:127.0.0.1', '::ffff:0:9.9.9.9'],
    ['IPv4 in IPv6', '::127.0.0.1', '::ffff:169.254.169.254'],
    ['IPv4 in IPv6, in hex', '::ffff:7f00:1', '::7f00:1'],
    ['a site of long ago', 'fec0::1', 'feff::1'],
    ['what nobody was given', '4000::1', 'e000::1'],
    ['the host of a machine on Azure', '168.63.129.16', '::ffff:168.63.129.16'],
    ['the metadata of AWS and Alibaba', 'fd00:ec2::254', '100.100.100.200'],
    ['no address', 'localhost', '0x7f000001'],
    ['an address of a zone', 'fe80::1%eth0', '127.1'],
  ])('is %s', (_, ...addresses) => {
    expect(addresses.map(isPublicAddress)).toEqual([false, false]);
  });
});

it.each([
  '9.9.9.9',
  '168.63.129.15',
  '::ffff:9.9.9.9',
  '2606:4700:4700::1111',
  '2a00:1450:4001::200e',
  '2001:200::1',
  '3ffe::1',
])('%s is one on the open internet', (address) => {
  expect(isPublicAddress(address)).toBe(true);
});
