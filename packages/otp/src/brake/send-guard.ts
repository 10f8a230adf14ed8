import type { Limit } from '../policy.ts';
import type { ReserveKind } from '../ports.ts';
import { AlarmBell } from './alarm-bell.ts';
import type { BrakePolicy } from './brake-policy.ts';
import { Budget } from './budget.ts';
import { ConversionWatch } from './conversion.ts';
import { GuessingWatch } from './guessing.ts';
import type { Alarm, PhoneNumbers, SmsLog } from './ports.ts';
import { type Range, rangesOf } from './ranges.ts';
import { type RefusalReason, refusalOf, type SendAttempt } from './refusal.ts';
import type { SharedCounts } from './shared-counts.ts';
import { priceOf } from './spending.ts';
import { SlidingLimit } from './windows.ts';

export type LimitReason = 'tenant' | 'prefix' | 'prefix_cut_off' | 'budget';
export type Admission =
  | { outcome: 'admitted' }
  | {
      outcome: 'limited';
      reason: LimitReason;
      retryAfterSeconds: number;
      /** What is left for people whom the store knows: by the network they come from, or by their having an account. */
      reserves: Record<ReserveKind, boolean>;
    };

/** A limit that is used up. */
interface Exceeded {
  reason: LimitReason;
  waitSeconds: number;
  /** How much more each kind of reserve lets through; none where the limit counts it itself. */
  pool?: { name: string; limit: Limit };
}

/** Of a limit, what each kind of reserve lets through when it is used up. Known people are few at a time. */
const reserveShare = 0.5;
/** A network gets so much of what is left of the sends that name no tenant. */
const networkShare = 0.1;
/** And more than that as long as so much is left, for a client that has had none. */
const freeShare = 0.5;
/** So much of a tenant's sends used, and a captcha is asked for: before it is shut. */
const nearShare = 0.5;

/**
 * Says who gets a code at all, and stops what comes too often for a tenant, to a range of numbers, or beyond the month's
 * budget. In memory, from `SharedCounts`, whose error holds for all of these limits.
 *
 * What it counts is named by whoever asks: a stranger can use up any of it. So none of it is refused before the store has been
 * asked whether a reserve holds: the admission says which are left, and `admitKnown` counts what came of it. A reserve has
 * an end, too: numbers that somebody verifies in order to pump them are known as well.
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
  readonly #networks: SlidingLimit;
  readonly #reserves: SlidingLimit;
  readonly #conversion: ConversionWatch;
  readonly #guessing: GuessingWatch;

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
    this.#networks = new SlidingLimit(options.counts, 'network');
    this.#reserves = new SlidingLimit(options.counts, 'reserve');
    this.#guessing = new GuessingWatch(options.counts, options.policy.guessing, this.#bell);
    this.#conversion = new ConversionWatch(options.counts, options.policy.conversion);
  }

  /** Whether codes go to this address at all. */
  refusal(attempt: Pick<SendAttempt, 'channel' | 'to' | 'policy'>): RefusalReason | undefined {
    return refusalOf(attempt, { phoneNumbers: this.#phoneNumbers, homeCountry: this.#policy.homeCountry });
  }

  /** Whether a tenant's limit is half used up: the time to tell people from machines. */
  isNear({ policy: { tenantId = '', tenantSends } }: Pick<SendAttempt, 'policy'>, at: Date): boolean {
    const half = { ...tenantSends, count: Math.ceil(tenantSends.count * nearShare) };
    return this.#tenants.waitSeconds(tenantId, half, at.getTime()) > 0;
  }

  admit(attempt: SendAttempt, at: Date): Admission {
    const { exceeded, cutOff } = this.#look(attempt, at);
    const [first] = exceeded;
    if (first) {
      const { reason, waitSeconds } = first;
      const isLeft = (kind: ReserveKind) =>
        !(attempt.channel === 'sms' && this.#budget.isExhausted(attempt.policy, at)) &&
        exceeded.every(
          ({ pool }) =>
            !pool || this.#reserves.waitSeconds(`${kind} ${pool.name}`, pool.limit, at.getTime()) === 0,
        );
      return {
        ...{ outcome: 'limited', reason, retryAfterSeconds: waitSeconds },
        reserves: { network: isLeft('network'), account: isLeft('account') },
      };
    }
    for (const { name } of cutOff) this.#trials.add(name, this.#policy.conversion.trials, at.getTime());
    this.#count(attempt, at, 1);
    return { outcome: 'admitted' };
  }

  /** A code was issued from a reserve, although `admit` had to say no. */
  admitKnown(attempt: SendAttempt, at: Date, kind: ReserveKind): void {
    for (const { pool } of this.#look(attempt, at).exceeded)
      if (pool) this.#reserves.add(`${kind} ${pool.name}`, pool.limit, at.getTime());
    this.#count(attempt, at, 1);
  }

  /** Takes back what `admit` counted at `at`: nothing was sent. A trial stays used. */
  withdraw(attempt: SendAttempt, at: Date): void {
    this.#count(attempt, at, -1);
  }

  /** A code was used. */
  verified({ channel, to }: Pick<SendAttempt, 'channel' | 'to'>, at: Date): void {
    this.#guessing.count('right', at);
    for (const { name } of this.#rangesOf({ channel, to }))
      this.#conversion.countVerified(name, at.getTime());
  }

  /** A code was wrong. */
  mistaken(at: Date): void {
    this.#guessing.count('wrong', at);
  }

  /** How many wrong codes of a recipient are borne now, if fewer than the policy has: somebody guesses at many. */
  mostMistakes(at: Date): number | undefined {
    return this.#guessing.most(at);
  }

  /** Reads the budgets that were spent from the tenants' logs again, see `Budget.reconcile`. */
  reconcileBudgets(log: SmsLog, at: Date): Promise<void> {
    return this.#budget.reconcile(log, at);
  }

  /** Every limit that is used up, in the order in which it is told, and the ranges where one trial is left. */
  #look(attempt: SendAttempt, at: Date): { exceeded: Exceeded[]; cutOff: Range[] } {
    const time = at.getTime();
    const exceeded: Exceeded[] = [];
    const isSms = attempt.channel === 'sms';
    const budgetWait = isSms ? this.#budget.waitSeconds(attempt.policy, at) : 0;
    if (budgetWait > 0) exceeded.push({ reason: 'budget', waitSeconds: budgetWait });

    const { tenantId, tenantSends } = attempt.policy;
    const tenantWait = this.#tenants.waitSeconds(tenantId ?? '', tenantSends, time);
    this.#bell.set(`tenant ${tenantId ?? ''}`, tenantWait > 0, { kind: 'tenant_limit', tenantId });
    const wait = Math.max(tenantWait, tenantId === undefined ? this.#networkWait(attempt, time) : 0);
    if (wait > 0)
      exceeded.push({
        reason: 'tenant',
        waitSeconds: wait,
        pool: poolOf(`tenant ${tenantId ?? ''}`, tenantSends),
      });

    const cutOff: Range[] = [];
    const { trials } = this.#policy.conversion;
    for (const range of this.#rangesOf(attempt)) {
      const { name, limit } = range;
      const prefixWait = this.#prefixes.waitSeconds(name, limit, time);
      this.#bell.set(`prefix ${name}`, prefixWait > 0, { kind: 'prefix_limit', prefix: name });
      if (prefixWait > 0)
        exceeded.push({ reason: 'prefix', waitSeconds: prefixWait, pool: poolOf(name, limit) });
      if (!this.#isCutOff(name, time)) continue;
      const trialWait = this.#trials.waitSeconds(name, trials, time);
      if (trialWait > 0)
        exceeded.push({
          reason: 'prefix_cut_off',
          waitSeconds: trialWait,
          pool: poolOf(`trial ${name}`, trials),
        });
      else cutOff.push(range);
    }
    return { exceeded, cutOff };
  }

  /**
   * Of the sends that name no tenant, which are everybody's, one network gets a tenth of what is left: the first of them 55 of
   * 600, and so many different ones are needed to use them up that there is something left for one that comes anew. While half
   * of them are left, a client that has had none gets one whatever its neighbours do.
   */
  #networkWait({ client, network, policy: { tenantSends } }: SendAttempt, time: number): number {
    const { count, windowSeconds } = tenantSends;
    const left = Math.min(this.#tenants.left('', tenantSends, time), count);
    const share = Math.max(1, Math.ceil(left * networkShare));
    const wait = this.#networks.waitSeconds(network, { count: share, windowSeconds }, time);
    const isNew = this.#networks.waitSeconds(client, { count: 1, windowSeconds }, time) === 0;
    return isNew && left > count * freeShare ? 0 : wait;
  }

  #count(attempt: SendAttempt, at: Date, amount: 1 | -1): void {
    const time = at.getTime();
    const { channel, to, policy, client, network } = attempt;
    if (channel === 'sms') this.#budget.add(policy, at, amount * this.#priceOf(to));
    this.#tenants.add(policy.tenantId ?? '', policy.tenantSends, time, amount);
    if (policy.tenantId === undefined)
      for (const name of new Set([client, network]))
        this.#networks.add(name, policy.tenantSends, time, amount);
    for (const { name, limit } of this.#rangesOf(attempt)) {
      this.#prefixes.add(name, limit, time, amount);
      this.#conversion.countSent(name, time, amount);
    }
  }

  #priceOf(to: string): number {
    return priceOf(to, this.#policy, this.#phoneNumbers);
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

function poolOf(name: string, { count, windowSeconds }: Limit) {
  return { name, limit: { count: Math.max(1, Math.floor(count * reserveShare)), windowSeconds } };
}
