// A driver of fleet migrations in a process of its own, to be killed.

import { setTimeout as sleep } from 'node:timers/promises';
import { type Connection, createPool } from '@kyong/postgres';
import { advanceMigration } from '@kyong/tenancy';
import { createFleetMigrations } from '@kyong/tenancy/adapters/master-database';
import { sharedPostgres } from '@kyong/tenancy/adapters/shared-postgres';
import { createTenantSchema } from '@kyong/tenancy/adapters/tenant-migrations';

export interface MigrationProcessOptions {
  migrationId: string;
  master: Connection;
  shared: Connection;
  migrationsDirectory: string;
  leaseSeconds: number;
}

const options = JSON.parse(process.argv[2] ?? '{}') as MigrationProcessOptions;
const { migrationId, master, shared, migrationsDirectory, leaseSeconds } = options;
process.on('disconnect', () => process.exit());

const pool = createPool(master, { maxConnections: 5, idleTimeoutSeconds: 10 }, () => {});
const server = { instanceId: 'shared-1', admin: async () => shared as never, maxDatabases: 10_000 };
const host = sharedPostgres([server]);
const ports = {
  store: createFleetMigrations(pool),
  hosts: { shared: host, dedicated: host },
  schema: createTenantSchema(async () => shared, migrationsDirectory),
  random: Math.random,
};
for (;;) {
  const result = await advanceMigration(migrationId, ports, {
    owner: `process ${process.pid}`,
    leaseSeconds,
    // Those in use are so for as long as drivers are killed, which takes as long as the machine takes.
    retry: { attempts: 1_000, baseSeconds: 0.2, maxSeconds: 5 },
    lockTimeoutSeconds: 0.2,
    signal: new AbortController().signal,
    onTenantError: () => {},
  });
  if (result.status === 'done') break;
  await sleep(Math.min(result.afterSeconds, leaseSeconds) * 1000);
}
process.exit(0);
