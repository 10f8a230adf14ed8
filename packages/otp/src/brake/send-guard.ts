import { AlarmBell } from './alarm-bell.ts';
import type { BrakePolicy } from './brake-policy.ts';
import { Budget } from './budget.ts';
import { ConversionWatch } from './conversion.ts';
import type { Alarm, PhoneNumbers, SmsLog } from './ports.ts';
import { type Range, rangesOf } from './ranges.ts';
import { type RefusalReason, refusalOf, type SendAttempt } from './refusal.ts';
import type { SharedCounts } from './shared-counts.ts';
import { SlidingLimit } from './windows.ts';

export type LimitReason = 'tenant' | 'prefix' | 'prefix_cut_off' | 'budget';
export type Admission =
  | { outcome: 'admitted' }
  | { outcome: 'limited'; reason: LimitReason; retryAfterSeconds: number };

/**
 * Says who gets a code at all, and stops what comes too often for a tenant, to a range of numbers, or beyond the month's
 * budget. In memory, from `SharedCounts`, whose error holds for all of these limits.
 *
 * A range that is cut off is never shut for good, and only for SMS: a trial or two go through every minute, so that whoever
 * pumps a range to lock out its owners slows them down and no more.
 *
 * An admission counts at once. What was admitted and then not sent is taken back by `withdraw`.
 */
export class SendGuard {
  readonly #policy: BrakePolicy;
  readonly #phoneNumbers: PhoneNumbers;
  readonly #bell: AlarmBell;
  readonly #budget: Budget;
  readonly #tenants: SlidingLimit;
  readonly #prefixes: SlidingLimit;
  readonly #trials: SlidingLimit;
  readonly #conversion: ConversionWatch;

  constructor(options: {
    policy: BrakePolicy;
    phoneNumbers: PhoneNumbers;
    counts: SharedCounts;
    onAlarm: (alarm: Alarm) => void;
  }) {
    this.#policy = options.policy;
    this.#phoneNumbers = options.phoneNumbers;
    this.#bell = new AlarmBell(options.onAlarm);
    this.#budget = new Budget(options.counts, this.#bell);
    this.#tenants = new SlidingLimit(options.counts, 'tenant');
    this.#prefixes = new SlidingLimit(options.counts, 'prefix');
    this.#trials = new SlidingLimit(options.counts, 'trial');
    this.#conversion = new ConversionWatch(options.counts, options.policy.conversion);
  }

  /** Whether codes go to this address at all. */
  refusal(attempt: SendAttempt): RefusalReason | undefined {
    return refusalOf(attempt, { phoneNumbers: this.#phoneNumbers, homeCountry: this.#policy.homeCountry });
  }

  admit(attempt: SendAttempt, at: Date): Admission {
    const time = at.getTime();
    const { policy } = attempt;
    const tenant = policy.tenantId ?? '';
    const budgetWait = attempt.channel === 'sms' ? this.#budget.waitSeconds(policy, at) : 0;
    if (budgetWait > 0) return limited('budget', budgetWait);
    const tenantWait = this.#tenants.waitSeconds(tenant, policy.tenantSends, time);
    this.#bell.set(`tenant ${tenant}`, tenantWait > 0, { kind: 'tenant_limit', tenantId: policy.tenantId });
    if (tenantWait > 0) return limited('tenant', tenantWait);

    const ranges = this.#rangesOf(attempt);
    const cutOff: Range[] = [];
    for (const range of ranges) {
      const wait = this.#prefixes.waitSeconds(range.name, range.limit, time);
      this.#bell.set(`prefix ${range.name}`, wait > 0, { kind: 'prefix_limit', prefix: range.name });
      if (wait > 0) return limited('prefix', wait);
      if (!this.#isCutOff(range.name, time)) continue;
      const trialWait = this.#trials.waitSeconds(range.name, this.#policy.conversion.trials, time);
      if (trialWait > 0) return limited('prefix_cut_off', trialWait);
      cutOff.push(range);
    }
    for (const range of cutOff) this.#trials.add(range.name, this.#policy.conversion.trials, time);
    this.#count(attempt, ranges, at, 1);
    return { outcome: 'admitted' };
  }

  /** Takes back what `admit` counted at `at`: nothing was sent. A trial stays used. */
  withdraw(attempt: SendAttempt, at: Date): void {
    this.#count(attempt, this.#rangesOf(attempt), at, -1);
  }

  /** A code sent by SMS to this number was used. */
  verified(to: string, at: Date): void {
    for (const { name } of this.#rangesOf({ channel: 'sms', to }))
      this.#conversion.countVerified(name, at.getTime());
  }

  /** Reads the budgets that were spent from the tenants' logs again, see `Budget.reconcile`. */
  reconcileBudgets(log: SmsLog, at: Date): Promise<void> {
    return this.#budget.reconcile(log, at);
  }

  #count({ channel, policy }: SendAttempt, ranges: Range[], at: Date, amount: 1 | -1): void {
    const time = at.getTime();
    const tenant = policy.tenantId ?? '';
    if (channel === 'sms') this.#budget.add(policy, at, amount);
    this.#tenants.add(tenant, policy.tenantSends, time, amount);
    for (const { name, limit } of ranges) {
      this.#prefixes.add(name, limit, time, amount);
      this.#conversion.countSent(name, time, amount);
    }
  }

  #rangesOf({ channel, to }: Pick<SendAttempt, 'channel' | 'to'>): Range[] {
    return channel === 'sms' ? rangesOf(to, this.#policy, this.#phoneNumbers) : [];
  }

  #isCutOff(prefix: string, time: number): boolean {
    const { sent, verified, cutOff } = this.#conversion.conversionOf(prefix, time);
    const figures = { prefix, sent, verified };
    this.#bell.set(
      `cut off ${prefix}`,
      cutOff,
      { kind: 'prefix_cut_off', ...figures },
      { kind: 'prefix_recovered', ...figures },
    );
    return cutOff;
  }
}

function limited(reason: LimitReason, retryAfterSeconds: number): Admission {
  return { outcome: 'limited', reason, retryAfterSeconds };
}
