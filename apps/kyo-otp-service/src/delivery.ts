import { setTimeout as pause } from 'node:timers/promises';
import { deliver, type MessageSender, type OtpKeys } from '@kyong/otp';
import { DeliveryWorker } from '@kyong/otp/adapters/redis';
import type { Logger } from '@kyong/service-kit';
import type { Cluster } from 'ioredis';

export interface DeliveryDependencies {
  logger: Logger;
  now: () => Date;
  redis: Cluster;
  otpKeys: OtpKeys;
  sender: MessageSender;
}

/** The worker that sends what the service queued; `start` and `stop` it beside the service, or in a process of its own. */
export function createDeliveryWorker(dependencies: DeliveryDependencies): DeliveryWorker {
  const { logger, now, redis, otpKeys, sender } = dependencies;
  const onError = (err: unknown) => logger.warn({ err }, 'delivery disturbed');
  const delivery = { keys: otpKeys, sender, app: 'Kyo', now, pause, onError };
  return new DeliveryWorker({
    redis,
    deliver: (sealed) => deliver(delivery, sealed),
    onDeadLetter: (letter) => logger.error(letter, 'a code was not delivered'),
    onError,
  });
}
