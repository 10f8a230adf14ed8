import { randomUUID } from 'node:crypto';
import type { StartMigrationRequest } from '@kyong/contracts';
import type { Caller } from '../request-provision.ts';
import type { FleetMigrationStore, TenantSchema } from './migration.ts';
import { planMigration } from './plan-migration.ts';

/**
 * Records a migration of every tenant that is not at the newest version; no database is touched yet. While one is under
 * way, it is the answer. @throws {UnknownCanaries}
 */
export async function startMigration(
  { canaries, concurrency, maxFailures }: StartMigrationRequest,
  caller: Caller,
  store: FleetMigrationStore,
  schema: Pick<TenantSchema, 'newestVersion'>,
): Promise<{ migrationId: string; created: boolean }> {
  const { targetVersion, waves } = await planMigration(canaries, store, schema);
  return store.startMigration({
    id: randomUUID(),
    targetVersion,
    waves,
    concurrency,
    maxFailures,
    caller: caller.id,
    sourceIp: caller.sourceIp,
  });
}
