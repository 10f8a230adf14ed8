import {
  type DBInstance,
  DBInstanceAutomatedBackupNotFoundFault,
  InvalidDBInstanceStateFault,
  InvalidRestoreFault,
  ModifyDBInstanceCommand,
  PointInTimeRestoreNotEnabledFault,
  RestoreDBInstanceToPointInTimeCommand,
  type RestoreDBInstanceToPointInTimeCommandInput,
} from '@aws-sdk/client-rds';
import { OperationRefused } from '../../operation.ts';
import type { AdminConnection } from '../../ports.ts';
import type { DatabaseReservation } from '../../tenant.ts';
import { takeOverRestored } from '../restore/take-over.ts';
import { masterConnection } from './admin-connection.ts';
import { refusalOf } from './faults.ts';
import { findInstance, isOwn, tagsOf } from './instance.ts';
import type { RdsOptions } from './options.ts';
import { instanceWindow } from './restorable-window.ts';
import { instanceSettings, planSettings, windowSettings } from './settings.ts';
import { databaseState } from './state.ts';

/** A tenant's own instance once more, as it was, under a name of its own. */
export async function restoreInstanceBeside(
  source: DatabaseReservation,
  target: DatabaseReservation,
  to: Date,
  options: RdsOptions,
): Promise<{ done: boolean; detail: string }> {
  const restored = await restoreInstance(source.instanceId, target, to, options, planSettings(target.plan));
  if ('detail' in restored) return { done: false, detail: restored.detail };
  await takeOverRestored(restored.admin, source, target);
  return { done: true, detail: 'an instance of its own' };
}

/**
 * Begins, or continues, to make the instance `target` what `sourceId` was at `to`. A way to its `postgres` database once it
 * answers. @throws {OperationRefused}
 */
export async function restoreInstance(
  sourceId: string,
  target: DatabaseReservation,
  to: Date,
  options: RdsOptions,
  /** Of the new instance; those of the source where absent. */
  settings: Partial<RestoreDBInstanceToPointInTimeCommandInput>,
): Promise<{ admin: AdminConnection } | { detail: string }> {
  const instance = await findInstance(target, options);
  if (!instance) {
    await begin(sourceId, target, to, options, settings);
    return { detail: 'the database server is being restored' };
  }
  if (!isOwn(instance, target, options.stage)) throw notOurs();
  const state = databaseState(instance);
  if (state.state === 'failed') throw new OperationRefused(state.reason);
  if (instance.DBInstanceStatus === 'available' && !instance.MasterUserSecret)
    await takeInHand(instance, options);
  if (state.state !== 'available')
    return { detail: state.state === 'creating' ? state.detail : 'not there yet' };
  return { admin: { ...(await masterConnection(target, options)), database: 'postgres' } };
}

async function begin(
  sourceId: string,
  target: DatabaseReservation,
  to: Date,
  options: RdsOptions,
  settings: Partial<RestoreDBInstanceToPointInTimeCommandInput>,
): Promise<void> {
  const command = new RestoreDBInstanceToPointInTimeCommand({
    SourceDBInstanceIdentifier: sourceId,
    TargetDBInstanceIdentifier: target.instanceId,
    RestoreTime: to,
    ...instanceSettings(options),
    ...settings,
    Tags: tagsOf(target, options.stage),
  });
  try {
    await options.rds.send(command);
  } catch (error) {
    // Looked at whatever the fault: an earlier call whose answer was lost may have begun it.
    const instance = await findInstance(target, options);
    if (instance && !isOwn(instance, target, options.stage)) throw notOurs();
    if (!instance) throw (await timeRefusal(error, sourceId, options)) ?? refusalOf(error) ?? error;
  }
}

/** RDS says of a time it cannot go back to that a parameter is invalid, and has no type for that. */
const invalidParameterValue = 'InvalidParameterValue';
const cannotGoBack = [
  DBInstanceAutomatedBackupNotFoundFault,
  InvalidRestoreFault,
  PointInTimeRestoreNotEnabledFault,
];

async function timeRefusal(
  error: unknown,
  sourceId: string,
  options: RdsOptions,
): Promise<OperationRefused | undefined> {
  const aboutTime =
    cannotGoBack.some((Fault) => error instanceof Fault) ||
    ((error as Error).name.startsWith(invalidParameterValue) && /restor/i.test((error as Error).message));
  if (!aboutTime) return undefined;
  const window = await instanceWindow(sourceId, options);
  const possible = window
    ? `Choose a time from ${window.from.toISOString()} to ${window.until.toISOString()}.`
    : 'There is no backup yet. Try again in a quarter of an hour.';
  return new OperationRefused(`This time cannot be restored. ${possible}`, { cause: error });
}

/**
 * A restored instance has the master password of that time, and nobody who rotates it: RDS makes and keeps a new one. Its
 * windows are drawn by lot.
 */
async function takeInHand(
  { DBInstanceIdentifier }: DBInstance,
  { rds, kmsKeyId }: RdsOptions,
): Promise<void> {
  const command = new ModifyDBInstanceCommand({
    DBInstanceIdentifier,
    ManageMasterUserPassword: true,
    MasterUserSecretKmsKeyId: kmsKeyId,
    ...windowSettings,
    ApplyImmediately: true,
  });
  await rds.send(command).catch((error: unknown) => {
    // It is busy with something else: asked again at the next look.
    if (!(error instanceof InvalidDBInstanceStateFault)) throw refusalOf(error) ?? error;
  });
}

const notOurs = () =>
  new OperationRefused(
    "A database server of this name exists and is not this tenant's. An operator has to look into it.",
  );
