import type { Channel, ProblemCode } from '@kyong/contracts';
import {
  type Alarm,
  type Captcha,
  isPerson,
  type LimitReason,
  type RefusalReason,
  type SendGuard,
  type TenantPolicies,
  type TenantPolicy,
} from '@kyong/otp';
import { Problem } from '@kyong/service-kit';
import { clientNetwork, isLoopback } from './client-network.ts';

export interface SendGateDependencies {
  guard: SendGuard;
  policies: TenantPolicies;
  /** Asked before an SMS is sent; without one nobody is asked. */
  captcha?: Captcha;
  onAlarm: (alarm: Alarm) => void;
  /** Whether callers on this machine are counted too. */
  countLoopback: boolean;
  /** Their codes are known and cost nothing: nothing stands in their way but the limits of a recipient. */
  testNumbers: Pick<ReadonlySet<string>, 'has'>;
  now: () => Date;
}

interface SendRequest {
  channel: Channel;
  /** Normalised. */
  to: string;
  tenantId?: string | undefined;
  captchaToken?: string | undefined;
}

const refusals: Record<RefusalReason, ProblemCode> = {
  country: 'otp_country_refused',
  number: 'otp_number_refused',
  email_domain: 'otp_email_domain_refused',
};
const limits: Record<LimitReason, ProblemCode> = {
  tenant: 'otp_tenant_limit',
  prefix: 'otp_prefix_limit',
  prefix_cut_off: 'otp_prefix_cut_off',
  budget: 'otp_budget_exhausted',
};

/** What a request passes before a code is issued: all of it in memory, but for the captcha where there is one. */
export class SendGate {
  readonly #dependencies: SendGateDependencies;

  constructor(dependencies: SendGateDependencies) {
    this.#dependencies = dependencies;
  }

  /**
   * Lets a request through and counts it.
   * @returns the tenant's policy, and how to take the count back when no code was sent after all.
   * @throws {Problem} that says why not, and when to come back.
   */
  async admit(
    { channel, to, tenantId, captchaToken }: SendRequest,
    clientAddress: string,
  ): Promise<{ policy: TenantPolicy; withdraw: () => void }> {
    const { guard, policies, captcha, onAlarm, testNumbers, now } = this.#dependencies;
    const policy = policies.policyOf(tenantId);
    if (testNumbers.has(to)) return { policy, withdraw: () => {} };
    const attempt = { channel, to, policy };
    const refusal = guard.refusal(attempt);
    if (refusal) throw new Problem(refusals[refusal]);
    if (captcha && channel === 'sms') {
      if (!(await isPerson(captcha, { token: captchaToken, clientAddress }, onAlarm)))
        throw new Problem('otp_captcha_required');
    }
    if (!this.#counts(clientAddress)) return { policy, withdraw: () => {} };
    const at = now();
    const admission = guard.admit(attempt, at);
    if (admission.outcome === 'limited') {
      const { reason, retryAfterSeconds } = admission;
      throw new Problem(limits[reason], { retryAfterSeconds });
    }
    return { policy, withdraw: () => guard.withdraw(attempt, at) };
  }

  /** A code was used: its range of numbers is one where people are. */
  verified({ channel, to }: Pick<SendRequest, 'channel' | 'to'>, clientAddress: string): void {
    const { guard, now } = this.#dependencies;
    if (channel === 'sms' && this.#counts(clientAddress)) guard.verified(to, now());
  }

  /** The network a caller is told apart by; undefined for callers on this machine where they are not. */
  networkOf(clientAddress: string): string | undefined {
    return this.#counts(clientAddress) ? clientNetwork(clientAddress) : undefined;
  }

  #counts(clientAddress: string): boolean {
    return this.#dependencies.countLoopback || !isLoopback(clientAddress);
  }
}
