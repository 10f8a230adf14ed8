import type { Logger } from '@kyong/service-kit';
import {
  advanceMigration,
  defaultLockTimeoutSeconds,
  defaultMigrationRetry,
  type MigrationPorts,
} from '@kyong/tenancy';
import type { Context } from 'aws-lambda';
import { runSteps, type Turn } from './run-steps.ts';

const leaseSeconds = 60;
/** What is kept for the databases that are being migrated when the time is up: no statement of theirs takes longer. */
const lastDatabasesSeconds = 120;

/** Migrates the fleet for as long as this call of the function lasts. */
export function createMigrationDriver(ports: MigrationPorts, logger: Logger) {
  return (
    migrationId: string,
    owner: string,
    context: Pick<Context, 'getRemainingTimeInMillis'>,
  ): Promise<Turn> => {
    const signal = AbortSignal.timeout(
      Math.max(0, context.getRemainingTimeInMillis() - lastDatabasesSeconds * 1000),
    );
    return runSteps(
      () =>
        advanceMigration(migrationId, ports, {
          owner,
          leaseSeconds,
          retry: defaultMigrationRetry,
          lockTimeoutSeconds: defaultLockTimeoutSeconds,
          signal,
          onTenantError: (err, tenant) => logger.warn({ err, ...tenant }, 'a tenant was not migrated'),
        }),
      () => !signal.aborted,
    );
  };
}
