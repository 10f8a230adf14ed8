import {
  AddTagsToResourceCommand,
  type DBInstance,
  InvalidDBInstanceStateFault,
  ModifyDBInstanceCommand,
  type ModifyDBInstanceCommandInput,
} from '@aws-sdk/client-rds';
import type { ResizeTime } from '@kyong/contracts';
import { OperationRefused } from '../../operation.ts';
import { plans } from '../../plan.ts';
import type { DatabaseReservation } from '../../tenant.ts';
import { refusalOf } from './faults.ts';
import { findOwnInstance, tagsOf } from './instance.ts';
import type { RdsOptions } from './options.ts';
import { databaseState } from './state.ts';

type Size = Pick<
  ModifyDBInstanceCommandInput,
  | 'DBInstanceClass'
  | 'MultiAZ'
  | 'AllocatedStorage'
  | 'MaxAllocatedStorage'
  | 'BackupRetentionPeriod'
  | 'DeletionProtection'
>;

/** Statuses in which a change has been made. Storage that has grown is optimised for hours, and is there at once. */
const settled = new Set(['available', 'storage-optimization', 'storage-config-upgrade']);

/** Brings the instance nearer to the size of the reservation's plan, and says whether it has it. */
export async function resizeInstance(
  reservation: DatabaseReservation,
  time: ResizeTime,
  options: RdsOptions,
): Promise<{ done: boolean; detail: string }> {
  const instance = await findOwnInstance(reservation, options);
  if (!instance)
    throw new OperationRefused('The database server is not there. An operator has to look into it.');
  const state = databaseState(instance);
  if (state.state === 'failed') throw new OperationRefused(state.reason);

  if (!settled.has(instance.DBInstanceStatus ?? '')) {
    return { done: false, detail: `the database server is ${instance.DBInstanceStatus}` };
  }

  const size = wanted(reservation, instance);
  const lacking = differences(size, instance);
  // What waits for the window counts: as good as done where the window is wanted, and to be called off where it is not.
  const unplanned = differences(size, { ...instance, ...instance.PendingModifiedValues });
  const asked = time === 'now' ? { ...lacking, ...unplanned } : unplanned;
  if (Object.keys(asked).length > 0) {
    await modify(instance, asked, time, options);
    return { done: false, detail: `asked for ${Object.keys(asked).join(', ')}` };
  }
  await tag(instance, reservation, options);
  const { instanceClass } = plans[reservation.plan];
  const waits = Object.keys(lacking).length > 0;
  return {
    done: true,
    detail: waits
      ? `${instanceClass} in the window ${instance.PreferredMaintenanceWindow} UTC`
      : instanceClass,
  };
}

function wanted({ plan }: DatabaseReservation, { AllocatedStorage = 0 }: DBInstance): Size {
  const { instanceClass, multiAz, backupRetentionDays, deletionProtection, ...storage } = plans[plan];
  // Storage never shrinks; and what it may grow to is at least a quarter above what it is, or RDS refuses.
  const allocated = Math.max(AllocatedStorage, storage.allocatedStorageGibibytes);
  return {
    DBInstanceClass: instanceClass,
    MultiAZ: multiAz,
    AllocatedStorage: allocated,
    MaxAllocatedStorage: Math.max(storage.maxAllocatedStorageGibibytes, Math.ceil(allocated * 1.26)),
    BackupRetentionPeriod: backupRetentionDays,
    DeletionProtection: deletionProtection,
  };
}

function differences(size: Size, found: Size): Size {
  return Object.fromEntries(
    Object.entries(size).filter(([name, value]) => found[name as keyof Size] !== value),
  );
}

async function modify(
  { DBInstanceIdentifier }: DBInstance,
  size: Size,
  time: ResizeTime,
  { rds }: RdsOptions,
): Promise<void> {
  const command = new ModifyDBInstanceCommand({
    DBInstanceIdentifier,
    ...size,
    ApplyImmediately: time === 'now',
  });
  await rds.send(command).catch((error: unknown) => {
    // Busy with something else: the next look tells.
    if (!(error instanceof InvalidDBInstanceStateFault)) throw refusalOf(error) ?? error;
  });
}

async function tag({ DBInstanceArn }: DBInstance, reservation: DatabaseReservation, options: RdsOptions) {
  const Tags = tagsOf(reservation, options.stage);
  await options.rds.send(new AddTagsToResourceCommand({ ResourceName: DBInstanceArn, Tags }));
}
