import { type OtpPurpose, type OtpSettings, otpPurpose, type Plan } from '@kyong/contracts';
import { checkPolicy, defaultPolicy, type Limit, type OtpPolicy } from './policy.ts';

/** What the platform allows, and what holds for a tenant that has set nothing. */
export interface PlatformPolicy {
  codes: OtpPolicy;
  /** ISO 3166-1 alpha-2: SMS always goes there. */
  homeCountry: string;
  blockedEmailDomains: readonly string[];
  /** Codes to all recipients of one tenant, or of none. */
  tenantSends: Limit;
  /**
   * What SMS may cost in a calendar month (UTC) by plan, and for everybody who names no tenant that is known. In money: one is
   * what a message of one segment costs at home.
   */
  monthlyMessages: Record<Plan | 'none', number>;
}

/** More than the busiest gym asks for in its busiest minute; of disposable e-mail the best-known domains. */
export const defaultPlatformPolicy: PlatformPolicy = {
  codes: defaultPolicy,
  homeCountry: 'TW',
  blockedEmailDomains: [
    '10minutemail.com',
    'dispostable.com',
    'getnada.com',
    'guerrillamail.com',
    'mailinator.com',
    'maildrop.cc',
    'sharklasers.com',
    'temp-mail.org',
    'tempmail.com',
    'throwawaymail.com',
    'trashmail.com',
    'yopmail.com',
  ],
  tenantSends: { count: 600, windowSeconds: 60 },
  monthlyMessages: { none: 20_000, free: 500, basic: 5_000, premium: 20_000, enterprise: 100_000 },
};

/** What holds for a tenant. */
export interface TenantPolicy {
  /** Undefined when no tenant was named, or none that is known. */
  tenantId: string | undefined;
  codes: Record<OtpPurpose, OtpPolicy>;
  countries: ReadonlySet<string>;
  blockedEmailDomains: ReadonlySet<string>;
  tenantSends: Limit;
  /** What SMS may cost in a month, and what of it may be spent on people nobody knows to be anybody's. */
  budget: { everybody: number; strangers: number };
}

/**
 * The policy of a tenant: its settings within the platform's bounds. Limits of the platform always hold beside the
 * tenant's: SMS go to a country that it has chosen and an operator has approved (`approved`); a recipient is nobody's, so the wrong codes of all tenants count, and one tenant may only bear fewer of them.
 * @throws {RangeError} for settings that would not be safe.
 */
export function resolvePolicy(
  platform: PlatformPolicy,
  tenant?: { tenantId: string; plan: Plan; settings: OtpSettings; approved?: readonly string[] },
): TenantPolicy {
  const { settings = {}, approved = [] } = tenant ?? {};
  const budget = platform.monthlyMessages[tenant?.plan ?? 'none'];
  const { purposes, tenantSends = platform.tenantSends } = settings;
  if (ratePerSecond(tenantSends) > ratePerSecond(platform.tenantSends))
    throw new RangeError('The limit of the tenant is no higher than that of the platform.');
  return {
    tenantId: tenant?.tenantId,
    codes: Object.fromEntries(
      otpPurpose.options.map((purpose) => [
        purpose,
        narrow(platform.codes, { ...settings, ...purposes?.[purpose] }),
      ]),
    ) as Record<OtpPurpose, OtpPolicy>,
    countries: new Set([
      platform.homeCountry,
      ...(settings.countries ?? []).filter((each) => approved.includes(each)),
    ]),
    blockedEmailDomains: new Set([...platform.blockedEmailDomains, ...(settings.blockedEmailDomains ?? [])]),
    tenantSends,
    budget: budgetOf(tenant?.tenantId, Math.min(settings.monthlyMessages ?? budget, budget)),
  };
}

/** Whoever names a gym spends its budget: a quarter stays for people who have signed in before. */
const membersShare = 0.25;

/** A gym never spends more than it wants to. What nobody's budget is has its quarter on top. */
function budgetOf(tenantId: string | undefined, amount: number): TenantPolicy['budget'] {
  return tenantId === undefined
    ? { strangers: amount, everybody: Math.ceil(amount * (1 + membersShare)) }
    : { strangers: Math.ceil(amount * (1 - membersShare)), everybody: amount };
}

/**
 * Tenants share what is kept about a recipient. A limit that looked further back than the platform's, or counted more,
 * would find it cut off by the sends of others; and a shorter wait would be one tenant's way around another's.
 */
function narrow(platform: OtpPolicy, settings: OtpSettings): OtpPolicy {
  const { codeLength, alphabet, lifetimeSeconds, attempts, sends = [], resend } = settings;
  const mostCount = Math.max(...platform.sends.map(({ count }) => count));
  const longestWindow = Math.max(...platform.sends.map(({ windowSeconds }) => windowSeconds));
  if (sends.some(({ count, windowSeconds }) => count > mostCount || windowSeconds > longestWindow))
    throw new RangeError(`A limit per recipient is ${mostCount} in ${longestWindow} seconds at most.`);
  if (resend && (resend.windowSeconds > longestWindow || !waitsAsLong(resend, platform.resend)))
    throw new RangeError('A resend waits as long as the platform has it, or longer.');
  if (attempts !== undefined && attempts > platform.attempts.count)
    throw new RangeError(`A recipient has ${platform.attempts.count} attempts at most.`);
  return checkPolicy({
    ...platform,
    ...(attempts !== undefined && { attempts: { ...platform.attempts, count: attempts } }),
    codeLength: codeLength ?? platform.codeLength,
    alphabet: alphabet ?? platform.alphabet,
    lifetimeSeconds: lifetimeSeconds ?? platform.lifetimeSeconds,
    sends: [...platform.sends, ...sends],
    resend: resend ?? platform.resend,
  });
}

function waitsAsLong(resend: OtpPolicy['resend'], least: OtpPolicy['resend']): boolean {
  const waitAfter = ({ waitSeconds }: OtpPolicy['resend'], sends: number) =>
    waitSeconds[Math.min(sends, waitSeconds.length - 1)] ?? 0;
  const most = Math.max(resend.waitSeconds.length, least.waitSeconds.length);
  return (
    resend.windowSeconds >= least.windowSeconds &&
    Array.from({ length: most }, (_, n) => waitAfter(resend, n) >= waitAfter(least, n)).every(Boolean)
  );
}

function ratePerSecond({ count, windowSeconds }: Limit): number {
  return count / windowSeconds;
}
