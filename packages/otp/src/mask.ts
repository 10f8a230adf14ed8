import type { Channel } from '@kyong/contracts';

/** An address as a log may show it: `+886912***678`, `o***r@example.com`. */
export function maskRecipient(channel: Channel, to: string): string {
  if (channel === 'sms') return `${to.slice(0, -6)}***${to.slice(-3)}`;
  const at = to.lastIndexOf('@');
  const local = to.slice(0, at);
  const masked = local.length < 3 ? '***' : `${local.at(0)}***${local.at(-1)}`;
  return `${masked}${to.slice(at)}`;
}
