import { otpCountries, otpSettings, type Plan } from '@kyong/contracts';
import { type PlatformPolicy, resolvePolicy, type TenantPolicy } from './tenant-policy.ts';

export interface TenantSettingsRow {
  tenantId: string;
  plan: Plan;
  /** As it is kept; undefined when the tenant has set nothing. */
  settings: unknown;
  /** As an operator has approved them; undefined for none. */
  countries?: unknown;
}

export interface TenantSettingsSource {
  /** Every tenant there is. */
  readAll(): Promise<TenantSettingsRow[]>;
}

/**
 * The policies of all tenants, in this process: a request finds its own without a round trip and in the same time whether
 * or not its tenant exists. `refresh` reads them again, every `policyRefreshMilliseconds`; a change is known everywhere
 * within that time. Before the first reading everybody has the platform's policy, and while the database is away
 * everybody has the one they had last.
 */
export class TenantPolicies {
  readonly #platform: PlatformPolicy;
  readonly #source: TenantSettingsSource;
  readonly #onInvalid: (tenantId: string, error: unknown) => void;
  readonly #default: TenantPolicy;
  #policies = new Map<string, TenantPolicy>();
  #readings = 0;
  #newest = 0;

  constructor(options: {
    platform: PlatformPolicy;
    source: TenantSettingsSource;
    /** A tenant's settings are not what they should be; it has the platform's policy. */
    onInvalid: (tenantId: string, error: unknown) => void;
  }) {
    this.#platform = options.platform;
    this.#source = options.source;
    this.#onInvalid = options.onInvalid;
    this.#default = resolvePolicy(options.platform);
  }

  policyOf(tenantId: string | undefined): TenantPolicy {
    return (tenantId !== undefined && this.#policies.get(tenantId)) || this.#default;
  }

  /** @throws what the source throws; the policies stay as they were. */
  async refresh(): Promise<void> {
    const reading = ++this.#readings;
    const rows = await this.#source.readAll();
    // One that began later has been faster, and knows better.
    if (reading < this.#newest) return;
    this.#newest = reading;
    this.#policies = new Map(rows.map((row) => [row.tenantId, this.#resolve(row)]));
  }

  #resolve({ tenantId, plan, settings, countries }: TenantSettingsRow): TenantPolicy {
    try {
      const approved = otpCountries.parse({ countries: countries ?? [] }).countries;
      return resolvePolicy(this.#platform, {
        tenantId,
        plan,
        settings: otpSettings.parse(settings ?? {}),
        approved,
      });
    } catch (error) {
      this.#onInvalid(tenantId, error);
      return resolvePolicy(this.#platform, { tenantId, plan, settings: {} });
    }
  }
}

export const policyRefreshMilliseconds = 30_000;
