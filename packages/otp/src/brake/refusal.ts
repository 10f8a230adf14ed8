import type { Channel } from '@kyong/contracts';
import type { TenantPolicy } from '../tenant-policy.ts';
import type { PhoneNumbers } from './ports.ts';

export interface SendAttempt {
  channel: Channel;
  /** Normalised. */
  to: string;
  policy: TenantPolicy;
  /** Who asks, as far as that can be told: an address or a household's network. */
  client: string;
  /** What lies around it: what one provider or one office has. */
  network: string;
}

export type RefusalReason = 'country' | 'number' | 'email_domain';

/** Why no code goes to an address, whoever asks and however seldom; undefined when codes do. */
export function refusalOf(
  { channel, to, policy }: Pick<SendAttempt, 'channel' | 'to' | 'policy'>,
  { phoneNumbers, homeCountry }: { phoneNumbers: PhoneNumbers; homeCountry: string },
): RefusalReason | undefined {
  if (channel === 'email') return isBlocked(to, policy.blockedEmailDomains) ? 'email_domain' : undefined;
  const { country, kind } = phoneNumbers.kindOf(to);
  if (country === undefined || !policy.countries.has(country)) return 'country';
  // Personal numbers abroad (+44 70) are sold for the fee they earn. Carriers use ranges before the numbering plans say
  // so, and at home we would rather pay for a message in vain than refuse a customer.
  const accepted = country === homeCountry ? kind !== 'other' : kind === 'mobile';
  return accepted ? undefined : 'number';
}

/** Whether the domain of an e-mail address, or one above it, is on the list. */
function isBlocked(address: string, domains: ReadonlySet<string>): boolean {
  const labels = address.slice(address.lastIndexOf('@') + 1).split('.');
  return labels.some((_, n) => domains.has(labels.slice(n).join('.')));
}
