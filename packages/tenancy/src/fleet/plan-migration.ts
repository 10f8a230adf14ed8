import type { MigrationPlan } from '@kyong/contracts';
import type { FleetMigrationStore, TenantSchema } from './migration.ts';

/** Each wave is this many times the one before: what goes wrong is seen while few are concerned. */
const growth = 10;

/** Canaries were named that are not there, or are at the newest version already. */
export class UnknownCanaries extends Error {
  override name = 'UnknownCanaries';
}

/** Who is migrated to the newest version, and in which order. @throws {UnknownCanaries} */
export async function planMigration(
  canaries: number | string[],
  store: Pick<FleetMigrationStore, 'findTenantsBefore'>,
  schema: Pick<TenantSchema, 'newestVersion'>,
): Promise<MigrationPlan> {
  const targetVersion = schema.newestVersion;
  const tenants = await store.findTenantsBefore(targetVersion);
  if (typeof canaries === 'number') {
    return { targetVersion, waves: inWaves(tenants.slice(0, canaries), tenants.slice(canaries)) };
  }
  const unknown = canaries.filter((tenantId) => !tenants.includes(tenantId));
  if (unknown.length > 0) {
    throw new UnknownCanaries(
      `${unknown.join(', ')}: expected tenants whose database is older than ${targetVersion}.`,
    );
  }
  return {
    targetVersion,
    waves: inWaves(
      canaries,
      tenants.filter((tenantId) => !canaries.includes(tenantId)),
    ),
  };
}

function inWaves(canaries: string[], others: string[]): string[][] {
  const waves = [canaries];
  let size = Math.max(1, canaries.length);
  let rest = others;
  while (rest.length > 0) {
    size *= growth;
    waves.push(rest.slice(0, size));
    rest = rest.slice(size);
  }
  return waves;
}
