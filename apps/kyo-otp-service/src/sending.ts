import {
  type Alarm,
  type BrakePolicy,
  type Captcha,
  defaultBrake,
  flushIntervalMilliseconds,
  type PlatformPolicy,
  policyRefreshMilliseconds,
  SendGuard,
  SharedCounts,
  type SmsLog,
  TenantPolicies,
  type TenantSettingsSource,
} from '@kyong/otp';
import { phoneNumbers } from '@kyong/otp/adapters/phone-numbers';
import { redisCountStore } from '@kyong/otp/adapters/redis';
import { type Logger, runInBackground } from '@kyong/service-kit';
import type { FastifyInstance } from 'fastify';
import type { Cluster } from 'ioredis';
import { SendGate } from './send-gate.ts';

/** Each tenant that has sent costs a query. */
const reconciliationMilliseconds = 10 * 60_000;

export interface SendingOptions {
  logger: Logger;
  now: () => Date;
  redis: Cluster;
  platform: PlatformPolicy;
  brake?: Partial<Omit<BrakePolicy, 'homeCountry'>>;
  settings: TenantSettingsSource;
  smsLog: SmsLog;
  captcha?: Captcha;
  onAlarm?: (alarm: Alarm) => void;
  countLoopback: boolean;
  testNumbers: Pick<ReadonlySet<string>, 'has'>;
}

/** Puts together what stands before sending, and keeps it up to date while the app runs. */
export function createSending(
  app: FastifyInstance,
  options: SendingOptions,
): { gate: SendGate; policies: TenantPolicies } {
  const { logger, now, platform } = options;
  const onAlarm = (alarm: Alarm) => {
    logAlarm(logger, alarm);
    options.onAlarm?.(alarm);
  };
  const counts = new SharedCounts({ store: redisCountStore(options.redis), now });
  const guard = new SendGuard({
    policy: { homeCountry: platform.homeCountry, ...defaultBrake, ...options.brake },
    phoneNumbers: phoneNumbers(platform.homeCountry),
    counts,
    onAlarm,
  });
  const policies = new TenantPolicies({
    platform,
    source: options.settings,
    onInvalid: (tenantId, err) => logger.error({ tenantId, err }, 'settings of a tenant do not hold'),
  });
  runInBackground(app, { name: 'counts', milliseconds: flushIntervalMilliseconds, atEnd: true, logger }, () =>
    counts.flush(),
  );
  runInBackground(app, { name: 'policies', milliseconds: policyRefreshMilliseconds, logger }, () =>
    policies.refresh(),
  );
  const budgets = { name: 'budgets', milliseconds: reconciliationMilliseconds, logger };
  runInBackground(app, budgets, () => guard.reconcileBudgets(options.smsLog, now()));
  const gate = new SendGate({
    guard,
    policies,
    onAlarm,
    now,
    countLoopback: options.countLoopback,
    testNumbers: options.testNumbers,
    ...(options.captcha && { captcha: options.captcha }),
  });
  return { gate, policies };
}

function logAlarm(logger: Logger, alarm: Alarm): void {
  const { kind, ...figures } = alarm;
  const line = {
    alarm: kind,
    ...figures,
    ...('error' in figures && { error: undefined, err: figures.error }),
  };
  if (kind === 'prefix_recovered' || kind === 'guessing_over') logger.info(line, 'alarm over');
  else logger.error(line, 'alarm');
}
