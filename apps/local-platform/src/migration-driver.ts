import type { Logger } from '@kyong/service-kit';
import {
  advanceMigration,
  defaultLockTimeoutSeconds,
  defaultMigrationRetry,
  type MigrationPorts,
} from '@kyong/tenancy';
import { OperationDriver } from './operation-driver.ts';

/** Drives migrations of the fleet as operations are driven, one at a time, until it is stopped. */
export function createMigrationDriver(options: {
  ports: MigrationPorts;
  owner: string;
  leaseSeconds: number;
  sweepSeconds: number;
  /** Whether it has to wait at present. */
  isPaused: () => boolean;
  logger: Logger;
}) {
  const { ports, owner, leaseSeconds, sweepSeconds, isPaused, logger } = options;
  const stopping = new AbortController();
  const driver = new OperationDriver({
    advance: async (migrationId) => {
      if (isPaused()) return { status: 'again', afterSeconds: sweepSeconds };
      return advanceMigration(migrationId, ports, {
        owner,
        leaseSeconds,
        retry: defaultMigrationRetry,
        lockTimeoutSeconds: defaultLockTimeoutSeconds,
        signal: stopping.signal,
        onTenantError: (err, context) => logger.warn({ err, ...context }, 'a tenant was not migrated'),
      });
    },
    findDue: () => ports.store.findDueMigrations(owner),
    concurrency: 1,
    sweepSeconds,
    logger,
  });
  return {
    run: () => driver.run(),
    start: (migrationId: string) => driver.start(migrationId),
    async stop() {
      stopping.abort();
      await driver.stop();
    },
  };
}
