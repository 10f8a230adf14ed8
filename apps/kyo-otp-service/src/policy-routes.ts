import { otpSettings, routes } from '@kyong/contracts';
import { type PlatformPolicy, resolvePolicy, type TenantPolicies } from '@kyong/otp';
import type { TenantSettings } from '@kyong/otp/adapters/tenant-settings';
import { isOperator, Problem, requireRecentAuthentication, serve } from '@kyong/service-kit';
import type { FastifyInstance } from 'fastify';
import { stepUpSeconds } from './step-up.ts';

export function policyRoutes(
  app: FastifyInstance,
  {
    settings,
    policies,
    platform,
    now,
  }: { settings: TenantSettings; policies: TenantPolicies; platform: PlatformPolicy; now: () => Date },
): void {
  /** @throws {Problem} `forbidden` unless the caller is an owner or manager of the tenant of their token. */
  const read = async ({ sub, tenant }: { sub: string; tenant?: string | undefined }) => {
    const found = tenant === undefined ? undefined : await settings.read(tenant, sub);
    if (tenant === undefined || !found) throw new Problem('forbidden');
    return { tenantId: tenant, ...found };
  };

  serve(app, routes.showOtpPolicy, async ({ principal }) => {
    const kept = otpSettings.safeParse((await read(principal)).settings ?? {});
    // What cannot be read does not hold either.
    return kept.success ? kept.data : {};
  });

  serve(app, routes.changeOtpPolicy, async ({ principal, body, request }) => {
    requireRecentAuthentication(principal, stepUpSeconds, now());
    const { tenantId, plan } = await read(principal);
    try {
      resolvePolicy(platform, { tenantId, plan, settings: body });
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      throw new Problem('otp_policy_unsafe', { detail: error.message });
    }
    const by = { userId: principal.sub, sourceIp: request.ip };
    if (!(await settings.replace(tenantId, by, body))) throw new Problem('forbidden');
    await policies.refresh();
    return body;
  });

  serve(app, routes.approveOtpCountries, async ({ principal, params: { tenantId }, body, request }) => {
    if (!isOperator(principal)) throw new Problem('forbidden');
    const by = { userId: principal.sub, sourceIp: request.ip };
    if (!(await settings.approve(tenantId, by, body.countries))) throw new Problem('not_found');
    await policies.refresh();
    return body;
  });
}
