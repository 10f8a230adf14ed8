import { expect, test } from 'vitest';
import { clientNetwork, isLoopback, surroundingsOf, wideNetwork } from './client-network.ts';

test.each([
  ['203.0.113.7', '203.0.113.7'],
  ['::ffff:203.0.113.7', '203.0.113.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:0DB8:0001:0002:ffff::1', '2001:db8:1:2::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
])('%s belongs to %s', (address, network) => {
  expect(clientNetwork(address)).toBe(network);
});

test('an IPv6 address is in a /64, a /56 and a /48, an IPv4 address by itself', () => {
  expect(surroundingsOf('203.0.113.7')).toEqual([{ network: '203.0.113.7', asMany: 1 }]);
  expect(surroundingsOf('2001:db8:1:2aff::1')).toEqual([
    { network: '2001:db8:1:2aff::/64', asMany: 1 },
    { network: '2001:db8:1:2a00::/56', asMany: 4 },
    { network: '2001:db8:1::/48', asMany: 16 },
  ]);
});

test('a wide network is a /24 or a /48', () => {
  expect(['203.0.113.7', '::ffff:203.0.113.9', '2001:db8:1:2::1'].map(wideNetwork)).toEqual([
    '203.0.113.0/24',
    '203.0.113.0/24',
    '2001:db8:1::/48',
  ]);
});

test('loopback is told from everything else', () => {
  expect(['127.0.0.1', '127.1.2.3', '::ffff:127.0.0.1', '::1'].every(isLoopback)).toBe(true);
  expect(['10.0.0.1', '::2', '2001:db8::1', '::ffff:203.0.113.7'].some(isLoopback)).toBe(false);
});
