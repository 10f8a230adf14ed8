import { type Channel, routes } from '@kyong/contracts';
import type { MessageSender } from '@kyong/otp';
import { awsSms } from '@kyong/otp/adapters/aws-sms';
import { withCircuitBreaker } from '@kyong/otp/adapters/circuit-breaker';
import { mitake } from '@kyong/otp/adapters/mitake';
import { ses } from '@kyong/otp/adapters/ses';
import { webhook } from '@kyong/otp/adapters/webhook';
import type { Logger } from '@kyong/service-kit';
import type { ProviderConfig } from './provider-config.ts';

export interface ProviderDependencies {
  logger: Logger;
  now: () => Date;
}

/** The chosen providers of each channel, each behind a circuit breaker of its own; without one that has no account yet. */
export function createSenders(
  config: ProviderConfig,
  { logger, now }: ProviderDependencies,
): Record<Channel, MessageSender[]> {
  const make = {
    aws: () =>
      awsSms({
        region: config.KYO_AWS_REGION,
        origination: config.KYO_AWS_SMS_ORIGINATION ?? '',
        maxPriceUsd: config.KYO_AWS_SMS_MAX_PRICE_USD,
        ...(config.KYO_AWS_SMS_CONFIGURATION_SET !== undefined && {
          configurationSet: config.KYO_AWS_SMS_CONFIGURATION_SET,
        }),
      }),
    ses: () =>
      ses({
        region: config.KYO_AWS_REGION,
        from: config.KYO_SES_FROM ?? '',
        ...(config.KYO_SES_CONFIGURATION_SET !== undefined && {
          configurationSet: config.KYO_SES_CONFIGURATION_SET,
        }),
        ...(config.KYO_SES_PRICE_USD !== undefined && {
          pricePerMessage: { amount: config.KYO_SES_PRICE_USD, currency: 'USD' },
        }),
      }),
    mitake: () =>
      mitake({
        baseUrl: config.KYO_MITAKE_URL,
        ...(config.KYO_MITAKE_ACCOUNT ?? { username: '', password: '' }),
        ...(config.KYO_MITAKE_POINT_PRICE_TWD !== undefined && {
          pricePerPoint: { amount: config.KYO_MITAKE_POINT_PRICE_TWD, currency: 'TWD' },
        }),
        ...(config.KYO_PUBLIC_URL !== undefined && { receiptUrl: receiptUrlOf(config.KYO_PUBLIC_URL) }),
      }),
    webhook: () =>
      webhook({ url: config.KYO_WEBHOOK_URL ?? '', secret: config.KYO_WEBHOOK_SECRET ?? '', now }),
  };
  const onChange = ({ provider, state }: { provider: string; state: 'open' | 'closed' }) => {
    if (state === 'open') logger.error({ provider }, 'a provider of messages is left alone for a while');
    else logger.info({ provider }, 'a provider of messages is used again');
  };
  const made = new Map<keyof typeof make, MessageSender>();
  const senderOf = (name: keyof typeof make) => {
    const sender = made.get(name) ?? withCircuitBreaker(make[name](), { onChange });
    made.set(name, sender);
    return sender;
  };
  const sms = config.KYO_SMS_PROVIDERS.filter((name) => name !== 'mitake' || config.KYO_MITAKE_ACCOUNT);
  return { sms: sms.map(senderOf), email: config.KYO_EMAIL_PROVIDERS.map(senderOf) };
}

function receiptUrlOf(publicUrl: string): (token: string) => string {
  return (token) => new URL(routes.mitakeReceipt.path.replace('{token}', token), publicUrl).toString();
}
