import type { Channel, ProblemCode } from '@kyong/contracts';
import {
  type Alarm,
  type Captcha,
  type IssueResult,
  isPerson,
  type LimitReason,
  type RefusalReason,
  type ReserveKind,
  type SendGuard,
  type TenantPolicies,
  type TenantPolicy,
} from '@kyong/otp';
import { Problem } from '@kyong/service-kit';
import { clientNetwork, isLoopback, wideNetwork } from './client-network.ts';

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

export type Settled = Exclude<IssueResult, { outcome: 'braked' }>;

export interface Passage {
  /** The tenant's. */
  policy: TenantPolicy;
  /** A brake is on: the code is issued from one of the reserves that are left, or not at all. */
  braked: Record<ReserveKind, boolean> | undefined;
  /** To be told what came of it. @throws {Problem} when no reserve held. */
  settle: (result: IssueResult) => Settled;
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
   * Lets a request through and counts it. While a brake is on the store is asked whether a reserve holds, in the command that
   * issues the code.
   * @throws {Problem} that says why not, and when to come back.
   */
  async admit({ channel, to, tenantId, captchaToken }: SendRequest, clientAddress: string): Promise<Passage> {
    const { guard, policies, captcha, onAlarm, testNumbers, now } = this.#dependencies;
    const policy = policies.policyOf(tenantId);
    const uncounted = { policy, braked: undefined, settle: notBraked };
    if (testNumbers.has(to)) return uncounted;
    const [client, network] = [clientNetwork(clientAddress), wideNetwork(clientAddress)];
    const attempt = { channel, to, policy, client, network };
    const refusal = guard.refusal(attempt);
    if (refusal) throw new Problem(refusals[refusal]);
    const at = now();
    const isCounted = this.#counts(clientAddress);
    if (captcha && (channel === 'sms' || (isCounted && guard.isNear(attempt, at)))) {
      if (!(await isPerson(captcha, { token: captchaToken, clientAddress }, onAlarm)))
        throw new Problem('otp_captcha_required');
    }
    if (!isCounted) return uncounted;
    const admission = guard.admit(attempt, at);
    if (admission.outcome === 'admitted') {
      const settle = (result: IssueResult) => {
        if (result.outcome !== 'issued') guard.withdraw(attempt, at);
        return notBraked(result);
      };
      return { policy, braked: undefined, settle };
    }
    const { reason, retryAfterSeconds, reserves } = admission;
    const problem = new Problem(limits[reason], { retryAfterSeconds });
    if (!reserves.network && !reserves.account) throw problem;
    const settle = (result: IssueResult) => {
      if (result.outcome === 'braked') throw problem;
      if (result.outcome === 'issued') guard.admitKnown(attempt, at, result.reserve ?? 'network');
      return result;
    };
    return { policy, braked: reserves, settle };
  }

  /** A code was used: its range of numbers is one where people are. */
  verified(address: Pick<SendRequest, 'channel' | 'to'>, clientAddress: string): void {
    const { guard, now } = this.#dependencies;
    if (this.#counts(clientAddress)) guard.verified(address, now());
  }

  /** A code was wrong. */
  mistaken(clientAddress: string): void {
    const { guard, now } = this.#dependencies;
    if (this.#counts(clientAddress)) guard.mistaken(now());
  }

  /** How many wrong codes of a recipient are borne now, if fewer than always. */
  mostMistakes(clientAddress: string): number | undefined {
    const { guard, now } = this.#dependencies;
    return this.#counts(clientAddress) ? guard.mostMistakes(now()) : undefined;
  }

  /** The network a caller is told apart by; undefined for callers on this machine where they are not. */
  networkOf(clientAddress: string): string | undefined {
    return this.#counts(clientAddress) ? clientNetwork(clientAddress) : undefined;
  }

  #counts(clientAddress: string): boolean {
    return this.#dependencies.countLoopback || !isLoopback(clientAddress);
  }
}

function notBraked(result: IssueResult): Settled {
  if (result.outcome === 'braked') throw new Error('No brake was on.');
  return result;
}
