import { setTimeout as sleep } from 'node:timers/promises';
import {
  type DBInstance,
  DBInstanceNotFoundFault,
  DeleteDBInstanceCommand,
  InvalidDBInstanceStateFault,
  ModifyDBInstanceCommand,
} from '@aws-sdk/client-rds';
import type { DestroyPurpose } from '../../ports.ts';
import { refusalOf } from './faults.ts';
import { findOwnInstance, type InstanceOwner } from './instance.ts';
import { finalSnapshotOf } from './names.ts';
import type { RdsOptions } from './options.ts';

/** Deletes the tenant's instance and waits for its end, as long as one call may. @throws {Error} when it is not over. */
export async function destroyInstance(
  reservation: InstanceOwner,
  purpose: DestroyPurpose,
  options: RdsOptions,
): Promise<void> {
  const { pollSeconds, waitAtMostSeconds } = options.deletion;
  // Protection is taken away within seconds; the deletion itself takes minutes.
  let pause = Math.min(1, pollSeconds);
  for (let waitedSeconds = 0; ; pause = Math.min(2 * pause, pollSeconds)) {
    // One change a turn: RDS refuses the next while it is busy with the last.
    const instance = await findOwnInstance(reservation, options);
    if (!instance) return;
    await bringNearer(instance, purpose, options).catch((error: unknown) => {
      // Not now (it is being created, modified or deleted), or not any more: the next look tells.
      const passes = error instanceof InvalidDBInstanceStateFault || error instanceof DBInstanceNotFoundFault;
      if (!passes) throw refusalOf(error) ?? error;
    });
    if (waitedSeconds >= waitAtMostSeconds) {
      throw new Error(
        `Instance ${reservation.instanceId} is not gone after ${waitedSeconds} s (${instance.DBInstanceStatus}).`,
      );
    }
    await sleep(pause * 1000);
    waitedSeconds += pause;
  }
}

/** Takes the protection away, then deletes; where that has begun, there is only to wait. */
async function bringNearer(
  instance: DBInstance,
  purpose: DestroyPurpose,
  { rds }: RdsOptions,
): Promise<void> {
  const { DBInstanceIdentifier, DBInstanceStatus, DeletionProtection } = instance;
  if (DBInstanceStatus === 'deleting' || DBInstanceStatus === 'delete-precheck') return;
  if (DeletionProtection) {
    await rds.send(
      new ModifyDBInstanceCommand({
        DBInstanceIdentifier,
        DeletionProtection: false,
        ApplyImmediately: true,
      }),
    );
    return;
  }
  await rds.send(
    new DeleteDBInstanceCommand({
      DBInstanceIdentifier,
      ...(purpose === 'undo'
        ? { SkipFinalSnapshot: true, DeleteAutomatedBackups: true }
        : {
            FinalDBSnapshotIdentifier: finalSnapshotOf(instance),
            DeleteAutomatedBackups: false,
          }),
    }),
  );
}
