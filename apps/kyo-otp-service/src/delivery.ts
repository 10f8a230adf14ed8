import { setTimeout as pause } from 'node:timers/promises';
import type { Channel } from '@kyong/contracts';
import {
  cachedTemplates,
  defaultBrake,
  defaultPlatformPolicy,
  deliver,
  type MessageSender,
  type OtpKeys,
  priceOf,
  spendSegments,
} from '@kyong/otp';
import { phoneNumbers } from '@kyong/otp/adapters/phone-numbers';
import { DeliveryWorker, LogWorker, redisCountStore } from '@kyong/otp/adapters/redis';
import { tenantLog, tenantTemplates } from '@kyong/otp/adapters/tenant-database';
import type { TenantPools } from '@kyong/postgres';
import type { Logger } from '@kyong/service-kit';
import type { Cluster } from 'ioredis';
import { platformAt } from './platform.ts';
import { tenantDatabases } from './tenant-access.ts';

export interface DeliveryDependencies {
  logger: Logger;
  now: () => Date;
  redis: Cluster;
  tenantPools: TenantPools;
  otpKeys: OtpKeys;
  /** Where the platform answers: `kyo.example`. */
  publicHost?: string | undefined;
  /** Each channel's providers, the preferred one first. */
  senders: Record<Channel, MessageSender[]>;
  /** After how long a delivery has lost its worker; longer than a live one can take. */
  abandonedAfterMilliseconds?: number;
  /** How soon a line that could not be written into a tenant's log is tried again. */
  logRetryMilliseconds?: number;
}

/** Work beside the requests; `start` and `stop` it beside the service, or in a process of its own. */
export interface Worker {
  start(): void;
  stop(): Promise<void>;
}

/** Sends what the service queued, and writes into the tenants' logs what became of it. */
export function createDeliveryWorker(dependencies: DeliveryDependencies): Worker {
  const { logger, now, redis, tenantPools, otpKeys, senders, publicHost } = dependencies;
  const onError = (err: unknown) => logger.warn({ err }, 'delivery disturbed');
  const databases = tenantDatabases(tenantPools);
  const templates = cachedTemplates({
    reader: tenantTemplates(databases),
    now,
    onError: (err) => logger.warn({ err }, 'templates of a tenant cannot be had'),
  });
  const platform = platformAt(publicHost);
  const delivery = { keys: otpKeys, senders, platform, templates, now, pause, onError };
  const counts = redisCountStore(redis);
  const { homeCountry } = defaultPlatformPolicy;
  const brake = { homeCountry, ...defaultBrake };
  const numbers = phoneNumbers(homeCountry);
  const deliveries = new DeliveryWorker({
    redis,
    async deliver(sealed, tell) {
      const result = await deliver(delivery, sealed, tell);
      const { sms } = result;
      const spend = async ({ to, ...sent }: NonNullable<typeof sms>) =>
        spendSegments(counts, { ...sent, price: priceOf(to, brake, numbers), at: now() });
      if (sms) await spend(sms).catch(onError);
      return result;
    },
    onDeadLetter: (letter) => logger.error(letter, 'a code was not delivered'),
    onError,
    ...(dependencies.abandonedAfterMilliseconds !== undefined && {
      abandonedAfterMilliseconds: dependencies.abandonedAfterMilliseconds,
    }),
  });
  const log = new LogWorker({
    redis,
    keys: otpKeys,
    log: tenantLog(databases),
    now,
    onError: (err, tenantId) => logger.warn({ err, tenantId }, 'log of one-time passwords disturbed'),
    ...(dependencies.logRetryMilliseconds !== undefined && {
      retryAfterMilliseconds: dependencies.logRetryMilliseconds,
    }),
    onLost: (count) => logger.error({ count }, 'lines of the log of one-time passwords are lost'),
  });
  return {
    start() {
      deliveries.start();
      log.start();
    },
    async stop() {
      await deliveries.stop();
      // What the last deliveries left is written by the next worker if not by this one.
      await log.stop();
    },
  };
}
