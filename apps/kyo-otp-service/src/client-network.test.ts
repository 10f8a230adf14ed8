import { expect, test } from 'vitest';
import { clientNetwork, isLoopback } from './client-network.ts';

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

test('loopback is told from everything else', () => {
  expect(['127.0.0.1', '127.1.2.3', '::ffff:127.0.0.1', '::1'].every(isLoopback)).toBe(true);
  expect(['10.0.0.1', '::2', '2001:db8::1', '::ffff:203.0.113.7'].some(isLoopback)).toBe(false);
});
