import type { OtpSettings, Plan } from '@kyong/contracts';
import { type Pool, transaction, writeAudit, writeRefusal } from '@kyong/postgres';
import type { TenantSettingsSource } from '../tenant-policies.ts';

/** Who may see and change a tenant's settings. */
const managers = ['gym_owner', 'gym_manager'];

export interface TenantSettings extends TenantSettingsSource {
  /** The settings as they are kept, and the plan; undefined unless this user is an owner or manager of the tenant now. */
  read(tenantId: string, userId: string): Promise<{ plan: Plan; settings: unknown } | undefined>;
  /** Replaces the settings. @returns false, and changes nothing, unless the user is an owner or manager of the tenant now. */
  replace(
    tenantId: string,
    by: { userId: string; sourceIp: string | null },
    settings: OtpSettings,
  ): Promise<boolean>;
  /** Says to which countries the tenant may send. @returns false when there is no such tenant. */
  approve(
    tenantId: string,
    by: { userId: string; sourceIp: string | null },
    countries: readonly string[],
  ): Promise<boolean>;
}

/** The keys `otp` and `otpCountries` of `tenants.settings` in the master database: the gym's word, and an operator's. */
export function postgresTenantSettings(pool: Pool): TenantSettings {
  return {
    async readAll() {
      const { rows } = await pool.query<{
        tenantId: string;
        plan: Plan;
        settings: unknown;
        countries: unknown;
      }>(
        `SELECT id AS "tenantId", plan, settings->'otp' AS settings, settings->'otpCountries' AS countries
         FROM tenants WHERE status <> 'offboarded'`,
      );
      return rows;
    },
    async read(tenantId, userId) {
      const { rows } = await pool.query<{ plan: Plan; settings: unknown }>(
        `SELECT plan, settings->'otp' AS settings
         FROM tenants JOIN memberships ON tenant_id = id
         WHERE id = $1 AND user_id = $2 AND role = ANY ($3)`,
        [tenantId, userId, managers],
      );
      return rows[0];
    },
    replace: (tenantId, { userId, sourceIp }, settings) =>
      transaction(pool, async (client) => {
        const { rowCount } = await client.query(
          `UPDATE tenants SET settings = jsonb_set(settings, '{otp}', $4::jsonb), updated_at = now()
           WHERE id = $1 AND EXISTS (
             SELECT FROM memberships WHERE tenant_id = $1 AND user_id = $2 AND role = ANY ($3))`,
          [tenantId, userId, managers, JSON.stringify(settings)],
        );
        const changed = rowCount === 1;
        const entry = { actor: userId, sourceIp, action: 'otp-policy.replace', tenantId };
        if (changed) await writeAudit(client, { ...entry, detail: { settings } });
        else await writeRefusal(client, { ...entry, refused: 'forbidden' });
        return changed;
      }),
    approve: (tenantId, { userId, sourceIp }, countries) =>
      transaction(pool, async (client) => {
        const { rowCount } = await client.query(
          `UPDATE tenants SET settings = jsonb_set(settings, '{otpCountries}', $2::jsonb), updated_at = now()
           WHERE id = $1 AND status <> 'offboarded'`,
          [tenantId, JSON.stringify(countries)],
        );
        if (rowCount !== 1) return false;
        const entry = { actor: userId, sourceIp, action: 'otp-countries.approve', tenantId };
        await writeAudit(client, { ...entry, detail: { countries } });
        return true;
      }),
  };
}
