import type { DatabaseReservation } from '../../tenant.ts';
import type { ServerCopies } from '../restore/server-copies.ts';
import { destroyInstance } from './destroy.ts';
import { instanceIdentifier } from './names.ts';
import type { RdsOptions } from './options.ts';
import { instanceWindow } from './restorable-window.ts';
import { restoreInstance } from './restore.ts';

/** Copies of a shared instance: instances that live until one tenant's database is taken from them. */
export function rdsServerCopies(sharedInstanceId: string, options: RdsOptions): ServerCopies {
  const copyFor = (target: DatabaseReservation): DatabaseReservation => ({
    ...target,
    instanceId: instanceIdentifier(options.stage, {
      tenantId: target.tenantId,
      // As a dedicated tenant's second server is called; a shared tenant has none. See `databaseNames`.
      label: target.databaseName.split('__')[1] ?? 'copy',
    }),
  });
  return {
    window: () => instanceWindow(sharedInstanceId, options),
    open: (target, to) =>
      restoreInstance(sharedInstanceId, copyFor(target), to, options, {
        MultiAZ: false,
        // It is gone in an hour: backups of it would only cost.
        BackupRetentionPeriod: 0,
        DeletionProtection: false,
      }),
    close: (target) => destroyInstance(copyFor(target), 'undo', options),
  };
}
