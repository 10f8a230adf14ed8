import { isIPv6 } from 'node:net';

/**
 * What stands for one client among addresses: an IPv4 address, or the /64 of an IPv6 address, which one subscriber gets
 * as a whole (RFC 6177) and may draw 2^64 addresses from.
 */
export function clientNetwork(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped) return mapped;
  const [bare = ''] = address.split('%');
  if (!isIPv6(bare)) return address;
  const [head = '', tail] = bare.split('::');
  const left = head.split(':').filter(Boolean);
  const right = (tail ?? '').split(':').filter(Boolean);
  const zeros = Array.from({ length: Math.max(0, 8 - left.length - right.length) }, () => '0');
  const network = [...left, ...zeros, ...right].slice(0, 4).map((group) => Number.parseInt(group, 16));
  return `${network.map((group) => group.toString(16)).join(':')}::/64`;
}

/** Networks that hold an address, from the smallest to the largest, each with how many of the smallest it may act like. */
export interface Surroundings {
  network: string;
  asMany: number;
}

/**
 * Whoever has more than a /64 has a /56 (a household) or a /48 (a business, RFC 6177): it gets more than one client, and much
 * less than the 256 and 65,536 it could pretend to be. A carrier has a whole /48 and more of people, of whom few ask at once.
 */
export function surroundingsOf(address: string): Surroundings[] {
  const network = clientNetwork(address);
  if (!network.endsWith('::/64')) return [{ network, asMany: 1 }];
  const [first = '', second = '', third = '', fourth = '0'] = network.split(':');
  const site = `${first}:${second}:${third}`;
  const household = (Number.parseInt(fourth, 16) & 0xff00).toString(16);
  return [
    { network, asMany: 1 },
    { network: `${site}:${household}::/56`, asMany: 4 },
    { network: `${site}::/48`, asMany: 16 },
  ];
}

/** What one provider or office has: a /24 of IPv4 (the smallest that is routed), a /48 of IPv6. */
export function wideNetwork(address: string): string {
  const { network = address } = surroundingsOf(address).at(-1) ?? {};
  return network.replace(/\.\d+$/, '.0/24');
}

export function isLoopback(address: string): boolean {
  return address === '::1' || clientNetwork(address).startsWith('127.');
}
